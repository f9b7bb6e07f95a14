import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, card, pastePhoto, test, watchFor } from './story'

const looks = [
  { name: 'wide and light', use: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' } },
  { name: '320 pixels and dark', use: { viewport: { width: 320, height: 640 }, colorScheme: 'dark' } },
] as const

for (const { name, use } of looks) test.describe(name, () => {
  test.use(use)

  test('from a new account to signing out: add, paste a photo, find by label, edit, complete, delete and undo', async ({ page }) => {
    await page.goto('/register')
    await page.getByLabel('Username').fill(`walker-${crypto.randomUUID().slice(0, 12)}`)
    await page.getByLabel('Password').fill('a long enough password')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.getByText('Nothing to do yet')).toBeVisible()
    await addTask(page, 'Paint the jetty')
    await addTask(page, 'Buy paint')

    const jetty = card(page, 'Paint the jetty')
    const lookedAt = await watchFor(page, 'Looking at it…')
    await pastePhoto(jetty, 'landscape.jpg')
    const labels = jetty.getByRole('list', { name: 'Suggested labels' })
    await expect(labels.getByRole('listitem').first()).toContainText(/pier\s*\d+\s?%/)
    expect(await lookedAt()).toBe(true)
    await jetty.getByRole('button', { name: 'All 10' }).click()
    await expect(labels.getByRole('listitem')).toHaveCount(10)
    await expectAccessible(page)

    await jetty.getByRole('button', { name: 'Open the photo of “Paint the jetty”' }).click()
    const picture = page.getByRole('dialog').getByAltText('Photo of “Paint the jetty”')
    await expect(picture).toBeVisible()
    expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)

    await labels.getByRole('link', { name: 'pier' }).click()
    await expect(page).toHaveURL(/\?label=pier$/)
    await expect(page.getByRole('article')).toHaveCount(1)
    await expectAccessible(page)
    await page.reload()
    await expect(page.getByRole('article')).toHaveCount(1)
    await page.getByRole('button', { name: 'Clear the label pier' }).click()
    await expect(page.getByRole('article')).toHaveCount(2)

    await jetty.getByRole('button', { name: 'Edit' }).click()
    await jetty.getByLabel('Title').fill('Paint the pier')
    await jetty.getByLabel('Notes').fill('Two coats')
    await expectAccessible(page)
    await jetty.getByRole('button', { name: 'Save' }).click()
    const pier = card(page, 'Paint the pier')
    await expect(pier.getByText('Two coats')).toBeVisible()

    await card(page, 'Buy paint').getByRole('checkbox').click()
    await expect(card(page, 'Buy paint')).toHaveCount(0)
    await page.getByText('Done', { exact: true }).click()
    await expect(card(page, 'Buy paint').getByRole('checkbox')).toBeChecked()
    await expectAccessible(page)
    await page.getByText('To do', { exact: true }).click()

    await pier.getByRole('button', { name: 'Delete “Paint the pier”' }).click()
    await expect(pier).toHaveCount(0)
    const notice = page.getByRole('status', { name: 'Notices' })
    await expect(notice.getByText('“Paint the pier” was deleted.')).toBeVisible()
    await expectAccessible(page)
    await notice.getByText('“Paint the pier” was deleted.').locator('..').getByRole('button', { name: 'Undo' }).click()
    await expect(pier.getByText('Two coats')).toBeVisible()
    await page.reload()
    await expect(pier.getByRole('listitem').first()).toContainText('pier')

    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
    await expectAccessible(page)
  })
})
