import { expect } from '@playwright/test'
import { startRelay, type Relay } from './relay'
import { addTask, card, newAccount, photo, signIn, signInAfresh, tasksOf, test, tokenOf } from './story'

/** A page behind a relay that loses answers. */
const relayed = test.extend<{ relay: Relay }>({
  relay: async ({ baseURL }, use) => {
    const relay = await startRelay(baseURL ?? '')
    await use(relay)
    relay.close()
  },
})

relayed('whatever answer is lost, everything is done once and the page shows it', async ({ page, relay }) => {
  const account = await newAccount(page)
  const token = await tokenOf(page, account)
  await page.goto(relay.url + '/sign-in')
  await signIn(page, account)
  for (const name of ['create-task', 'update-task', 'predict-image', 'delete-image', 'delete-task']) relay.lose.add(name)

  await addTask(page, 'Paint the jetty')
  expect(await tasksOf(page, token)).toEqual(['Paint the jetty'])

  await page.getByRole('button', { name: 'Edit “Paint the jetty”' }).click()
  await page.getByRole('form', { name: 'Editing “Paint the jetty”' }).getByLabel('Title').fill('Paint it blue')
  await page.keyboard.press('Control+Enter')
  const blue = card(page, 'Paint it blue')
  await expect(blue.getByRole('button', { name: 'Edit' })).toBeFocused()
  expect(await tasksOf(page, token)).toEqual(['Paint it blue'])

  await blue.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  await expect(blue.getByRole('link', { name: 'pier' })).toBeVisible()
  await expect(blue.getByRole('alert')).toHaveCount(0)

  await blue.getByRole('button', { name: 'Open the photo' }).click()
  await page.getByRole('button', { name: 'Remove the photo of “Paint it blue”' }).click()
  await page.getByRole('button', { name: 'Close this notice' }).last().click()
  await expect.poll(() => relay.lost).toContain('delete-image')
  await expect(blue.getByText('Add photo')).toBeVisible()
  await expect(blue.getByRole('alert')).toHaveCount(0)

  const repeated = page.waitForResponse((answer) => answer.url().includes('/function/delete-task') && answer.status() === 404)
  await blue.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Close this notice' }).last().click()
  await repeated
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await expect(page.getByText('did not confirm')).toHaveCount(0)
  expect(await tasksOf(page, token)).toEqual([])
  expect(relay.lose.size, 'every answer was lost once').toBe(0)
})

relayed('an account whose answers are lost is created once, gets its new password, and is deleted', async ({ page, relay }) => {
  const account = { username: `walker-${crypto.randomUUID().slice(0, 12)}`, password: 'a long enough password' }
  for (const name of ['register', 'change-password', 'delete-account']) relay.lose.add(name)
  await page.goto(relay.url + '/register')
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()

  await page.getByRole('link', { name: 'Account of' }).click()
  await page.getByLabel('Current password').fill(account.password)
  await page.getByLabel('New password').fill('an even longer password')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password was changed.')).toBeVisible()

  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete account' })
  await dialog.getByLabel('Current password').fill('an even longer password')
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByText('Your account was deleted')).toBeVisible()
  expect(relay.lose.size, 'every answer was lost once').toBe(0)
})

test('while the gateway answers 404 by itself, nothing is shown as deleted', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await page.route('**/function/*', (route) => route.fulfill({
    status: 404, contentType: 'text/plain; charset=utf-8', body: 'error finding function get-tasks.openfaas-fn: no such function',
  }))
  await jetty.getByRole('checkbox').click()
  await expect(page.getByText('“Paint the jetty” could not be changed.')).toBeVisible()
  await expect(jetty).toBeVisible()

  await jetty.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Close this notice' }).last().click()
  await expect(page.getByText('“Paint the jetty” could not be deleted.')).toBeVisible()
  await expect(jetty).toBeVisible()

  await jetty.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  await expect(jetty.getByRole('alert')).not.toBeEmpty()
  await expect(jetty.getByRole('button', { name: 'Try again' })).toBeVisible()

  await page.unrouteAll()
  await jetty.getByRole('button', { name: 'Try again' }).click()
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
})
