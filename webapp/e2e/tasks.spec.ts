import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, card, pastePhoto, photo, signIn, signInAfresh, tasksOf, test, tokenOf, watchFor } from './story'

test('from a new account to signing out: add, paste a photo, find by label, edit, complete, delete and take it back', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('Username').fill(`walker-${crypto.randomUUID().slice(0, 12)}`)
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await addTask(page, 'Paint the jetty')
  await addTask(page, 'Buy paint')

  const jetty = card(page, 'Paint the jetty')
  const lookedAt = await watchFor(page, 'Looking at your photo…')
  await pastePhoto(jetty, 'landscape.jpg')
  const labels = jetty.getByRole('list', { name: 'Suggested labels' })
  await expect(labels.getByRole('listitem').first()).toContainText(/pier\s*\d+\s?%/)
  expect(await lookedAt()).toBe(true)
  await labels.getByRole('button', { name: 'All 10' }).click()
  await expect(labels.getByRole('listitem')).toHaveCount(11)

  await jetty.getByRole('button', { name: 'Open the photo of “Paint the jetty”' }).click()
  const picture = page.getByRole('dialog').getByAltText('Photo of “Paint the jetty”')
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await labels.getByRole('link', { name: 'pier' }).click()
  await expect(page).toHaveURL(/\?label=pier$/)
  await expect(page.getByRole('article')).toHaveCount(1)
  await page.reload()
  await expect(page.getByRole('article')).toHaveCount(1)
  await page.getByRole('button', { name: 'Show tasks without the label pier too' }).click()
  await expect(page.getByRole('article')).toHaveCount(2)

  await jetty.getByRole('button', { name: 'Edit' }).click()
  await jetty.getByLabel('Title').fill('Paint the pier')
  await jetty.getByLabel('Notes').fill('Two coats')
  await jetty.getByRole('button', { name: 'Save' }).click()
  const pier = card(page, 'Paint the pier')
  await expect(pier.getByText('Two coats')).toBeVisible()

  await card(page, 'Buy paint').getByRole('checkbox').click()
  await expect(card(page, 'Buy paint')).toHaveCount(0)
  await page.getByText('Done', { exact: true }).click()
  await expect(card(page, 'Buy paint').getByRole('checkbox')).toBeChecked()
  await page.getByText('To do', { exact: true }).click()

  await pier.getByRole('button', { name: 'Delete “Paint the pier”' }).click()
  await expect(pier).toHaveCount(0)
  await page.getByText('“Paint the pier” was deleted.').locator('..').getByRole('button', { name: 'Undo' }).click()
  await expect(pier.getByText('Two coats')).toBeVisible()
  await page.reload()
  await expect(pier.getByRole('listitem').first()).toContainText('pier')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
})

test('a deleted task is gone when the page is left before its notice closes', async ({ page }) => {
  const token = await tokenOf(page, await signInAfresh(page))
  await addTask(page, 'Fix the skateboard')
  await page.getByRole('button', { name: 'Delete “Fix the skateboard”' }).click()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await page.goto('about:blank')
  await expect.poll(() => tasksOf(page, token)).toEqual([])
})

test('a photo that does not decode is refused in words, and the task stays as it was', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Fix the skateboard')
  const board = card(page, 'Fix the skateboard')
  await board.getByLabel('Add photo to “Fix the skateboard”').setInputFiles(photo('skateboard.jpg'))
  await expect(board.getByRole('alert')).not.toBeEmpty()
  await board.getByRole('button', { name: 'Dismiss' }).click()
  await expect(board.getByRole('alert')).toHaveCount(0)
  await expect(board.getByText('Add photo')).toBeVisible()
})

test('a new task takes its photo along, and the photo can be replaced and removed', async ({ page }) => {
  await signInAfresh(page)
  await page.getByLabel('Add photo to the new task').setInputFiles(photo('coffee.png'))
  await expect(page.getByText('coffee.png')).toBeVisible()
  await addTask(page, 'Buy coffee')
  const coffee = card(page, 'Buy coffee')
  await expect(coffee.getByRole('list', { name: 'Suggested labels' })).toBeVisible()
  const before = await coffee.getByRole('list', { name: 'Suggested labels' }).textContent()
  await coffee.getByLabel('Replace photo of “Buy coffee”').setInputFiles(photo('chelsea.png'))
  await expect(coffee.getByRole('list', { name: 'Suggested labels' })).not.toHaveText(before ?? '')
  await coffee.getByRole('button', { name: 'Open the photo' }).click()
  await page.getByRole('button', { name: 'Remove the photo of “Buy coffee”' }).click()
  await expect(coffee.getByText('Add photo')).toBeVisible()
  await expect(coffee.getByRole('list')).toHaveCount(0)
})

test('a photo of a large camera held upright is sent smaller, and stays upright', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  const sent = page.waitForRequest(/\/function\/predict-image/)
  const size = await jetty.evaluate(async (element) => {
    const canvas = new OffscreenCanvas(4000, 3000)
    const context = canvas.getContext('2d')
    for (let y = 0; y < 3000; y += 10) {
      for (let x = 0; x < 4000; x += 10) {
        if (context !== null) context.fillStyle = `hsl(${((x * y) % 360).toString()} 70% 50%)`
        context?.fillRect(x, y, 10, 10)
      }
    }
    const plain = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })
    // EXIF with one entry: orientation 6, the camera turned by a quarter.
    const exif = [
      0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8,
      0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ]
    const file = new File([plain.slice(0, 2), new Uint8Array(exif), plain.slice(2)], 'camera.jpg', { type: 'image/jpeg' })
    const data = new DataTransfer()
    data.items.add(file)
    element.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    return file.size
  })
  const request = await sent
  await expect(jetty.getByRole('list', { name: 'Suggested labels' })).toBeVisible()
  expect((await request.sizes()).requestBodySize).toBeLessThan(size)
  await jetty.getByRole('button', { name: 'Open the photo' }).click()
  const picture = page.getByRole('dialog').getByRole('img')
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([1536, 2048])
})

test('the connection dies in the middle of an upload: the task says so, and another try goes through', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  await page.route('**/function/predict-image*', (route) => route.abort('connectionreset'), { times: 1 })
  await jetty.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  await expect(jetty.getByRole('alert')).toContainText('no connection')
  await jetty.getByLabel('Add photo').setInputFiles(photo('landscape.jpg'))
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
  await expect(jetty.getByRole('alert')).toHaveCount(0)
})

test('two tabs edit one task: the second sees both versions and chooses', async ({ page, context }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const other = await context.newPage()
  await other.goto('/')
  for (const tab of [page, other]) await tab.getByRole('button', { name: 'Edit “Paint the jetty”' }).click()
  const form = 'Editing “Paint the jetty”'
  await page.getByRole('form', { name: form }).getByLabel('Title').fill('Paint it blue')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(card(page, 'Paint it blue')).toBeVisible()

  await other.getByRole('form', { name: form }).getByLabel('Title').fill('Paint it red')
  await other.getByRole('button', { name: 'Save' }).click()
  const dialog = other.getByRole('dialog', { name: 'Changed elsewhere meanwhile' })
  await expect(dialog.getByText('Paint it blue')).toBeVisible()
  await expect(dialog.getByText('Paint it red')).toBeVisible()
  await expectAccessible(other)
  await dialog.getByRole('button', { name: 'Keep yours' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(card(other, 'Paint it red')).toBeVisible()
  await expect(card(page, 'Paint it red')).toBeVisible()
})

test('the session ends elsewhere while something is being written: sign in again, and nothing typed is lost', async ({ page, context }) => {
  const account = await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  await page.getByRole('button', { name: 'Edit “Paint the jetty”' }).click()
  await card(page, 'Paint the jetty').getByLabel('Notes').fill('Half a page of notes')
  await page.getByLabel('Search').fill('jetty')
  await expect(page).toHaveURL(/q=jetty/)
  const other = await context.newPage()
  await other.goto('/')
  await other.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByText('You signed out in another tab.')).toBeVisible()
  await signIn(page, account)
  await expect(page).toHaveURL(/q=jetty/)
  await expect(card(page, 'Paint the jetty').getByLabel('Notes')).toHaveValue('Half a page of notes')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(card(page, 'Paint the jetty').getByText('Half a page of notes')).toBeVisible()
})
