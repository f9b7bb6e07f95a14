import { expect } from '@playwright/test'
import { expectAccessible } from './axe'
import { addTask, card, newAccount, photo, signIn, signInAfresh, test } from './story'

test.use({ viewport: { width: 320, height: 640 } })

test('every state of the list can be read by everyone, on 320 pixels too', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Create an account' }).click()
  await expect(page.getByText('At least 8 characters')).toBeVisible()
  await expectAccessible(page)

  const account = await newAccount(page)
  await page.goto('/')
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).not.toBeEmpty()
  await expectAccessible(page)
  await signIn(page, account)
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await expectAccessible(page)

  await addTask(page, 'Paint the jetty')
  await page.getByLabel('Add photo to “Paint the jetty”').setInputFiles(photo('landscape.jpg'))
  const jetty = card(page, 'Paint the jetty')
  await jetty.getByRole('button', { name: 'All 10' }).click()
  await addTask(page, 'A long title that has to wrap over several lines of a narrow screen, andoneverylongwordthatcannot')
  await jetty.getByRole('button', { name: 'Edit' }).click()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await jetty.getByRole('button', { name: 'Open the photo' }).click()
  await expect(page.getByRole('dialog').getByRole('img')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await jetty.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible()
  await expectAccessible(page)

  await page.goto('/?q=zebra&label=pier')
  await expect(page.getByRole('heading', { name: 'No such tasks' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await expect(page).toHaveURL(/\/$/)
})

test('a slow server, one that is away, and no network are each said in words', async ({ page, context }) => {
  await signInAfresh(page)
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => { answer = resolve })
  await page.route('**/function/get-tasks*', async (route) => {
    await held
    await route.continue()
  }, { times: 1 })
  await page.reload()
  await expect(page.getByText('This takes longer than usual…')).toBeVisible()
  await expectAccessible(page)
  answer()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()

  await page.route('**/function/get-tasks*', (route) => route.fulfill({ status: 502, body: 'Bad gateway' }), { times: 1 })
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Your tasks could not be loaded' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()

  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await page.getByLabel('Title', { exact: true }).fill('Written on the train')
  await page.getByLabel('Title', { exact: true }).press('Enter')
  await expect(page.getByText('There is no connection to Snaptask.')).toBeVisible()
  await expectAccessible(page)
  await context.setOffline(false)
  await expect(page.getByText('You are offline.')).toHaveCount(0)
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(card(page, 'Written on the train')).toBeVisible()
})

test('a photo that waits for the classifier can be looked at again', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await jetty.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
  await page.route('**/function/get-tasks*', async (route) => {
    const answer = await route.fetch()
    const tasks = (await answer.json()) as object[]
    await route.fulfill({ response: answer, json: tasks.map((task) => ({ ...task, imageStatus: 'pending', labels: [], predictions: [] })) })
  }, { times: 1 })
  await page.reload()
  await expect(jetty.getByText('Your photo is kept.')).toBeVisible()
  await expectAccessible(page)
  await jetty.getByRole('button', { name: 'Look again at the photo of “Paint the jetty”' }).click()
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
})
