import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, signIn, signInAfresh, test } from './story'

test('change the password, take the tasks along, delete the account', async ({ page, context }) => {
  const account = await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const other = await context.newPage()
  await other.goto('/')
  await page.getByRole('link', { name: 'Account of' }).click()
  await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible()
  await page.getByLabel('Current password').fill('not the password')
  await page.getByLabel('New password').fill('an even longer password')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('Current password')).toHaveAttribute('aria-invalid', 'true')
  await expectAccessible(page)
  await page.getByLabel('Current password').fill(account.password)
  await page.getByLabel('New password').press('Enter')
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  account.password = 'an even longer password'
  await addTask(other, 'Still signed in here')

  for (const [name, content] of [['JSON', '"title": "Paint the jetty"'], ['Spreadsheet', ',Paint the jetty,'], ['Calendar', 'SUMMARY:Paint the jetty']] as const) {
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name }).click()
    expect(await readFile(await (await downloading).path(), 'utf8')).toContain(content)
  }

  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete the account' })
  await expectAccessible(page)
  await dialog.getByLabel('Current password').fill(account.password)
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByText('Your account is gone')).toBeVisible()
  await expect(other.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill(account.password)
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByRole('alert')).not.toBeEmpty()
})

test('a session that the server has ended leads to signing in, and back to the place it was in', async ({ page }) => {
  const account = await signInAfresh(page)
  await page.goto('/?status=all&sort=created')
  await page.route('**/function/create-task', (route) => route.fulfill({
    status: 401, json: { error: { code: 'unauthorized', message: 'The session has ended. Please sign in again.', requestId: 'r' } },
  }), { times: 1 })
  await page.getByLabel('Title', { exact: true }).fill('Half a title')
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(page.getByText('Your session has ended. Please sign in again.')).toBeVisible()
  await signIn(page, account)
  await expect(page).toHaveURL(/\?status=all&sort=created$/)
  await expect(page.getByLabel('Title', { exact: true })).toHaveValue('Half a title')
})
