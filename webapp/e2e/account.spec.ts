import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, card, newAccount, photo, signIn, signInAfresh, test, tokenIn } from './story'

test('the page shows while its configuration is awaited, and signing in waits for it', async ({ page }) => {
  const account = await newAccount(page)
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => { release = resolve })
  await page.route('**/config.json', async (route) => {
    await released
    await route.continue()
  })
  const logins: string[] = []
  page.on('request', (request) => { if (request.url().includes('/function/')) logins.push(request.url()) })
  await page.goto('/', { waitUntil: 'commit' })
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill(account.password)
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByRole('button', { name: 'Signing in…' })).toBeVisible()
  expect(logins).toEqual([])
  release()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
})

test('change the password, export the tasks, delete the account', async ({ page, context }) => {
  const account = await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const other = await context.newPage()
  await other.goto('/')
  await page.getByRole('link', { name: 'Account of' }).click()
  await expect(page.getByRole('heading', { name: 'Your account' })).toBeFocused()
  await page.getByLabel('Current password').fill(account.password)
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('New password')).toBeFocused()
  await expect(page.getByRole('alert')).toHaveText('New password must have 8 to 128 characters.')
  await page.getByLabel('Current password').fill('not the password')
  await page.getByLabel('New password').fill('an even longer password')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('Current password')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('Current password')).toBeFocused()
  await expectAccessible(page)
  await page.getByLabel('Current password').fill(account.password)
  await page.getByLabel('New password').press('Enter')
  await expect(page.getByText('Your password was changed.')).toBeVisible()
  account.password = 'an even longer password'
  await addTask(other, 'Still signed in here')

  for (const [name, content] of [['JSON', '"title": "Paint the jetty"'], ['Spreadsheet', ',"Paint the jetty",'], ['Calendar', 'SUMMARY:Paint the jetty']] as const) {
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name }).click()
    expect(await readFile(await (await downloading).path(), 'utf8')).toContain(content)
  }

  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete account' })
  await expectAccessible(page)
  await dialog.getByLabel('Current password').fill(account.password)
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByText('Your account was deleted')).toBeVisible()
  await expect(other.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill(account.password)
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByRole('alert')).not.toBeEmpty()
})

test('after a session that was ended elsewhere, signing in leads back to the same place, with all typed text', async ({ page }) => {
  const account = await signInAfresh(page)
  await page.goto('/?status=all&sort=created')
  await page.getByLabel('Title', { exact: true }).fill('Half a title')
  await page.getByLabel('Add photo to the new task').setInputFiles(photo('coffee.png'))
  const ended = await page.request.post('/function/logout', { headers: { Authorization: `Bearer ${await tokenIn(page)}` } })
  expect(ended.status()).toBe(200)
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(page.getByText('Your session has ended. Please sign in again.')).toBeVisible()
  await expectAccessible(page)
  await signIn(page, account)
  await expect(page).toHaveURL(/\?status=all&sort=created$/)
  await expect(page.getByLabel('Title', { exact: true })).toHaveValue('Half a title')
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(card(page, 'Half a title').getByRole('link', { name: 'espresso' })).toBeVisible()
})

test('the account page links the licences of the bundled software', async ({ page }) => {
  await signInAfresh(page)
  await page.goto('/account')
  await page.getByRole('link', { name: 'Licences of third-party software' }).click()
  for (const name of ['@vue/runtime-core', 'pinia', 'vue-router', '@vueuse/core', 'uuid']) await expect(page.locator('body')).toContainText(new RegExp(`## ${name} `))
  await expect(page.locator('body')).toContainText('Permission is hereby granted')
})

test('tabs agree on who is signed in', async ({ page, context }) => {
  const first = await signInAfresh(page)
  await addTask(page, 'Of the first')
  const other = await context.newPage()
  await other.goto('/?sort=created')
  await expect(card(other, 'Of the first')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in$/)
  await expect(other.getByText('You signed out in another tab.')).toBeVisible()
  const second = await newAccount(page)
  await signIn(page, second)
  await expect(other).toHaveURL(/\?sort=created$/)
  await expect(other.getByRole('link', { name: `Account of ${second.username}` })).toBeVisible()
  await expect(other.getByText('Nothing to do yet')).toBeVisible()
  await addTask(other, 'Of the second')
  await expect(card(page, 'Of the second')).toBeVisible()
  await expect(page.getByText('Of the first')).toHaveCount(0)
  expect(first.username).not.toBe(second.username)
})

test('every field has the autocomplete value for password managers', async ({ page }) => {
  await page.goto('/sign-in')
  await expect(page.getByLabel('Username')).toHaveAttribute('autocomplete', 'username')
  await expect(page.getByLabel('Password')).toHaveAttribute('autocomplete', 'current-password')
  await page.goto('/register')
  await expect(page.getByLabel('Password')).toHaveAttribute('autocomplete', 'new-password')
  const account = await signInAfresh(page)
  await page.goto('/account')
  await expect(page.locator('form', { has: page.getByLabel('New password') }).locator('[autocomplete=username]')).toHaveValue(account.username)
  await page.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByRole('dialog').locator('[autocomplete=username]')).toHaveValue(account.username)
})

test('an address that does not exist says so', async ({ page }) => {
  await page.goto('/tasks/of/yesterday')
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
  await expectAccessible(page)
  await page.goto('/yesterday.html')
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Go to your tasks' }).click()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
})
