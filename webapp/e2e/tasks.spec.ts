import { expect } from '@playwright/test'
import { addTask, deleteTask, freshTitle, photo, signIn, test, watchFor } from './story'

test('sign in, add a task, attach a photo, read its labels, delete the task', async ({ page }) => {
  const title = freshTitle('Paint the jetty')
  await signIn(page)
  await addTask(page, title)

  const card = page.getByRole('article', { name: title })
  const lookedAt = await watchFor(page, 'Looking at your photo…')
  await card.getByLabel(`Add photo to “${title}”`).setInputFiles(photo('landscape.jpg'))
  const labels = card.getByRole('list', { name: 'Suggested labels' })
  await expect(labels.getByRole('listitem').first()).toContainText('pier')
  await expect(labels.getByRole('listitem').first()).toContainText(/\d+\s?%/)
  expect(await lookedAt()).toBe(true)
  await labels.getByRole('button', { name: 'All 10' }).click()
  await expect(labels.getByRole('button', { name: 'Fewer' })).toBeVisible()
  await expect(labels.getByRole('listitem')).toHaveCount(11)

  await card.getByRole('button', { name: `Open the photo of “${title}”` }).click()
  const picture = page.getByRole('dialog').getByAltText(`Photo of “${title}”`)
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await page.reload()
  await expect(card.getByRole('listitem').first()).toContainText('pier')
  await deleteTask(page, title)
  await page.reload()
  await expect(page.getByLabel('Title')).toBeVisible()
  await expect(page.getByRole('article', { name: title })).toHaveCount(0)
})

test('a photo that does not decode is refused in words, and the task stays as it was', async ({ page }) => {
  const title = freshTitle('Fix the skateboard')
  await signIn(page)
  await addTask(page, title)
  const card = page.getByRole('article', { name: title })
  await card.getByLabel(`Add photo to “${title}”`).setInputFiles(photo('skateboard.jpg'))
  await expect(card.getByRole('alert')).not.toBeEmpty()
  await card.getByRole('button', { name: 'Dismiss' }).click()
  await expect(card.getByRole('alert')).toHaveCount(0)
  await expect(card.getByText('Add photo')).toBeVisible()
  await deleteTask(page, title)
})

test('a wrong password is said in words, and signing out ends at the form', async ({ page }) => {
  await page.goto('/')
  // Not the demo account: failed tries count against an account, and this story runs often.
  await page.getByLabel('Username').fill(`nobody-${Date.now().toString(36)}`)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).not.toBeEmpty()
  await signIn(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
})

test('at 320 pixels nothing is cut off', async ({ page }) => {
  const title = freshTitle('A long title that has to wrap over several lines of a narrow screen, andoneverylongwordthatcannot')
  await page.setViewportSize({ width: 320, height: 640 })
  await signIn(page)
  await addTask(page, title)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  await deleteTask(page, title)
})
