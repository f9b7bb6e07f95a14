import { expect, type Locator, type Page } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, card, chooseLarge, photo, signal, signInAfresh, slowUploads, test } from './story'

const classifier = 'bin/modelserver'

/** Sends the photo again until the killed processes are back. */
async function retry(task: Locator): Promise<void> {
  const again = task.getByRole('button', { name: 'Try again' })
  await expect(async () => {
    if (await again.isVisible()) await again.click()
    await expect(task.getByRole('link', { name: 'pier' })).toBeVisible({ timeout: 5000 })
  }).toPass()
}

test('when the server is killed during an upload, the task says so, and the same photo can be sent again', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  const network = await slowUploads(page)
  await jetty.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  const progress = jetty.getByRole('progressbar', { name: 'Uploading' })
  await expect.poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value)).toBeGreaterThan(0.1)
  // On a new connection the browser retries once by itself, so it takes a second kill for people to notice.
  await expect(async () => {
    await signal(page, 'KILL', 'snaptask webapp$')
    await expect(jetty.getByRole('alert')).toContainText('no connection', { timeout: 2000 })
  }).toPass()
  await expect(progress).toHaveCount(0)
  await expectAccessible(page)
  await network.detach()
  await retry(jetty)
  await expect(jetty.getByRole('alert')).toHaveCount(0)
})

/** Sends a photo while the classifier is stopped, and acts once the photo should be recognised. */
async function whileRecognising(page: Page, task: Locator, act: () => Promise<void>): Promise<void> {
  await signal(page, 'STOP', classifier)
  try {
    await task.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
    await expect(task.getByText('Looking at it…').first()).toBeVisible()
    await act()
  } finally {
    await signal(page, 'CONT', classifier)
  }
}

test('when the function is killed while it recognises a photo, the task says so, and the photo can be sent again', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await whileRecognising(page, jetty, async () => {
    await signal(page, 'KILL', 'function predict-image$')
    await expect(jetty.getByRole('alert')).not.toBeEmpty()
  })
  await retry(jetty)
})

test('a photo can be cancelled while it is recognised, and the task stays without one', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await whileRecognising(page, jetty, async () => {
    await expectAccessible(page)
    await jetty.getByRole('button', { name: 'Cancel the photo of “Paint the jetty”' }).click()
    await expect(jetty.getByText('Add photo')).toBeVisible()
  })
  await addTask(page, 'Buy paint')
  await card(page, 'Buy paint').getByLabel('Add photo').setInputFiles(photo('coffee.png'))
  await expect(card(page, 'Buy paint').getByRole('link', { name: 'espresso' })).toBeVisible()
  await page.reload()
  await expect(jetty.getByText('Add photo')).toBeVisible()
  await expect(jetty.getByRole('alert')).toHaveCount(0)
})

test('while label-upload is stopped, a stored photo is awaited, over a reload too, and labelled once it is back', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await signal(page, 'STOP', 'function label-upload$')
  try {
    const stored = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.ok())
    await chooseLarge(jetty.getByLabel('Add photo'), 'landscape.jpg')
    await stored
    await expect(jetty.getByText('Looking at it…').first()).toBeVisible()
    await page.reload()
    await expect(jetty.getByText('A photo is on its way…').first()).toBeVisible()
  } finally {
    await signal(page, 'CONT', 'function label-upload$')
  }
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
})

test('when the object store is killed during an upload, the task says so, and the photo can be sent again', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  const network = await slowUploads(page)
  await chooseLarge(jetty.getByLabel('Add photo'), 'landscape.jpg')
  await expect(jetty.getByText(/Uploading, [1-9]/)).toBeVisible()
  await signal(page, 'KILL', 'snaptask s3')
  await network.detach()
  // All was sent, but no answer came: the app waits for labels first.
  await expect(jetty.getByRole('alert')).not.toBeEmpty({ timeout: 30_000 })
  await retry(jetty)
  await expect(jetty.getByRole('alert')).toHaveCount(0)
})

test('when a function is killed during a change, the change is made once it is back', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  await signal(page, 'STOP', 'function update-task$')
  const sent = page.waitForRequest(/\/function\/update-task/)
  await card(page, 'Paint the jetty').getByRole('checkbox').click()
  await sent
  await signal(page, 'KILL', 'function update-task$')
  await page.waitForResponse((answer) => answer.url().includes('/function/update-task') && answer.ok())
  await expect(page.getByText('“Paint the jetty” was marked as done.')).toBeVisible()
  await page.reload()
  await page.getByText('Done', { exact: true }).click()
  await expect(card(page, 'Paint the jetty').getByRole('checkbox')).toBeChecked()
})
