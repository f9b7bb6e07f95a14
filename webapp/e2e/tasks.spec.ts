import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { addTask, card, dragPhoto, makeTasks, pastePhoto, photo, signIn, signInAfresh, slowUploads, tasksOf, test, tokenOf } from './story'

test('a deleted task is gone even if the page closes before its notice does', async ({ page }) => {
  const token = await tokenOf(page, await signInAfresh(page))
  await addTask(page, 'Fix the skateboard')
  await page.getByRole('button', { name: 'Delete “Fix the skateboard”' }).click()
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await page.goto('about:blank')
  await expect.poll(() => tasksOf(page, token)).toEqual([])
})

test('a photo that does not decode is refused with a message, and the task does not change', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Fix the skateboard')
  const board = card(page, 'Fix the skateboard')
  await board.getByLabel('Add photo to “Fix the skateboard”').setInputFiles(photo('skateboard.jpg'))
  await expect(board.getByRole('alert')).not.toBeEmpty()
  await board.getByRole('button', { name: 'Dismiss' }).click()
  await expect(board.getByRole('alert')).toHaveCount(0)
  await expect(board.getByText('Add photo')).toBeVisible()
})

test('a new task can have a photo, which can be replaced and removed', async ({ page }) => {
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

test('a large upright photo is sent smaller and stays upright', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const jetty = card(page, 'Paint the jetty')
  const sent = page.waitForRequest((request) => request.method() === 'PUT')
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
  expect(await picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([1773, 2364])
})

test('a photo in a format that only the browser knows is sent as JPEG', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  const sent = page.waitForRequest(/\/function\/predict-image/)
  const gif = Buffer.from('R0lGODlhAgACAIAAAP8AAAAA/ywAAAAAAgACAAACAwQEBQA7', 'base64')
  await card(page, 'Paint the jetty').getByLabel('Add photo').setInputFiles({ name: 'jetty.gif', mimeType: 'image/gif', buffer: gif })
  await sent
  await expect(card(page, 'Paint the jetty').getByRole('button', { name: 'Open the photo' })).toBeVisible()
  await expect(card(page, 'Paint the jetty').getByRole('alert')).toHaveCount(0)
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
  const dialog = other.getByRole('dialog', { name: 'This task was changed elsewhere' })
  await expect(dialog.getByText('Paint it blue')).toBeVisible()
  await expect(dialog.getByText('Paint it red')).toBeVisible()
  await expectAccessible(other)
  await other.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(other.getByRole('form', { name: form }).getByLabel('Title'), 'closing it returns to the editor').toHaveValue('Paint it red')
  await other.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('button', { name: 'Keep your version' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(card(other, 'Paint it red')).toBeVisible()
  await expect(card(page, 'Paint it red')).toBeVisible()
})

test('when the session ends elsewhere during an edit, signing in again restores everything typed', async ({ page, context }) => {
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

test('what is typed survives a reload of the page', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  await page.getByRole('button', { name: 'Edit “Paint the jetty”' }).click()
  await card(page, 'Paint the jetty').getByLabel('Notes').fill('Half a page of notes')
  await page.getByLabel('Title', { exact: true }).first().fill('Half a title')
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await expect(page.getByRole('form', { name: 'New task' }).getByLabel('Title')).toHaveValue('Half a title')
  await expect(card(page, 'Paint the jetty').getByLabel('Notes')).toHaveValue('Half a page of notes')
})

test('when another tab deletes a task during an edit, the edit is kept', async ({ page, context }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  await page.getByRole('button', { name: 'Edit “Paint the jetty”' }).click()
  await card(page, 'Paint the jetty').getByLabel('Notes').fill('Half a page of notes')
  const other = await context.newPage()
  await other.goto('/')
  await other.getByRole('button', { name: 'Delete “Paint the jetty”' }).click()
  await other.getByRole('button', { name: 'Close this notice' }).click()
  await expect(page.getByText('“Paint the jetty” was deleted elsewhere.')).toBeVisible()
  await expect(page.getByRole('form', { name: 'New task' }).getByLabel('Notes')).toHaveValue('Half a page of notes')
})

test('search and filters are in the address, and going back undoes them', async ({ page }) => {
  await signInAfresh(page)
  await addTask(page, 'Paint the jetty')
  await addTask(page, 'Buy paint')
  await page.getByLabel('Search').pressSequentially('jetty', { delay: 20 })
  await expect(page).toHaveURL(/\?q=jetty$/)
  await expect(page.getByRole('article')).toHaveCount(1)
  await page.getByLabel('Sort by').selectOption('Newest first')
  await expect(page).toHaveURL(/\?q=jetty&sort=created$/)
  await page.getByText('Done', { exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No matching tasks' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('article')).toHaveCount(1)
  await expect(page.getByRole('radio', { name: 'To do' })).toBeChecked()
  await page.goBack()
  await expect(page.getByLabel('Sort by')).toHaveValue('due')
  await page.goBack()
  await expect(page).toHaveURL(/\/$/)
  await expect(page.getByLabel('Search')).toHaveValue('')
  await expect(page.getByRole('article')).toHaveCount(2)
  await page.goForward()
  await expect(page.getByLabel('Search')).toHaveValue('jetty')
  await expect(page.getByRole('article')).toHaveCount(1)
})

test('a photo pasted without any focus starts a new task', async ({ page }) => {
  await signInAfresh(page)
  await pastePhoto(page.locator('body'), 'landscape.jpg')
  await expect(page.getByText('landscape.jpg')).toBeVisible()
  await expect(page.getByLabel('Title', { exact: true })).toBeFocused()
  await page.keyboard.type('Paint the jetty')
  await page.keyboard.press('Enter')
  await expect(card(page, 'Paint the jetty').getByRole('link', { name: 'pier' })).toBeVisible()
})

test('a photo dropped beside the tasks starts a new one, and a hint says so before the drop', async ({ page }) => {
  await signInAfresh(page)
  const drop = await dragPhoto(page.getByRole('banner'), 'landscape.jpg')
  const hint = page.getByText('Drop the photo on a task, or anywhere else for a new task')
  await expect(hint).toBeVisible()
  await expectAccessible(page)
  await drop()
  await expect(hint).toHaveCount(0)
  await page.keyboard.type('Paint the jetty')
  await page.keyboard.press('Enter')
  const jetty = card(page, 'Paint the jetty')
  await expect(jetty.getByRole('link', { name: 'pier' })).toBeVisible()
  await (await dragPhoto(jetty, 'rocket.jpg'))()
  await expect(jetty.getByRole('link', { name: 'missile' })).toBeVisible()
  await expect(page.getByText('rocket.jpg')).toHaveCount(0)
})

test('photos of several tasks are uploaded at once, each with its own progress', async ({ page }) => {
  await signInAfresh(page)
  const photos = { 'Buy coffee': 'coffee.png', 'Feed the cat': 'chelsea.png', 'Paint the jetty': 'landscape.jpg' }
  for (const title of Object.keys(photos)) await addTask(page, title)
  const network = await slowUploads(page)
  for (const [title, name] of Object.entries(photos)) await card(page, title).getByLabel('Add photo').setInputFiles(photo(name))
  await expect(page.getByRole('progressbar', { name: 'Uploading' })).toHaveCount(3)
  await network.detach()
  for (const title of Object.keys(photos)) await expect(card(page, title).getByRole('list', { name: 'Suggested labels' })).toBeVisible()
})

test('web addresses in notes are links that open in another tab', async ({ page, context }) => {
  const account = await signInAfresh(page)
  await makeTasks(page, await tokenOf(page, account), [{ title: 'Read it', body: 'Read <b>this</b> (http://localhost:1/a?b=1), not\njavascript:alert(1)' }])
  await page.reload()
  const link = card(page, 'Read it').getByRole('link')
  await expect(link).toHaveText('http://localhost:1/a?b=1')
  await expect(card(page, 'Read it')).toContainText('Read <b>this</b> (http://localhost:1/a?b=1), not')
  await expectAccessible(page)
  const opened = context.waitForEvent('page')
  await link.press('Enter')
  expect(await (await opened).evaluate(() => window.opener as unknown)).toBeNull()
  await expect(card(page, 'Read it')).toBeVisible()
})

test('on a phone no label is cut, and the focus brings the hidden ones into view', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const account = await signInAfresh(page)
  await makeTasks(page, await tokenOf(page, account), [{ title: 'Repaint the railing', picture: 'landscape.jpg' }])
  await page.reload()
  const labels = card(page, 'Repaint the railing').getByRole('list', { name: 'Suggested labels' })
  await expect(labels.getByRole('link')).toHaveCount(3)
  const shownParts = () => labels.evaluate((list) => [...list.querySelectorAll('a')].map((label) => {
    const [inner, outer] = [label.getBoundingClientRect(), list.getBoundingClientRect()]
    const width = Math.max(0, Math.min(inner.right, outer.right) - Math.max(inner.left, outer.left)) / inner.width
    return width * Math.max(0, Math.min(inner.bottom, outer.bottom) - Math.max(inner.top, outer.top)) / inner.height
  }))
  expect(await shownParts()).toEqual([1, 1, 0])
  await expect(card(page, 'Repaint the railing').getByRole('button', { name: 'All 10' })).toBeInViewport({ ratio: 1 })
  await labels.getByRole('link').last().focus()
  expect((await shownParts())[2]).toBe(1)
})

test('paper has the tasks without form, filters and buttons', async ({ page }) => {
  const account = await signInAfresh(page)
  await makeTasks(page, await tokenOf(page, account), [{ title: 'Buy coffee beans', body: 'The dark ones', picture: 'coffee.png' }])
  await page.reload()
  await expect(card(page, 'Buy coffee beans').locator('img')).toBeVisible()
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  for (const words of ['Your tasks', 'Buy coffee beans', 'The dark ones', 'espresso']) await expect(page.getByText(words).first()).toBeVisible()
  await expect(page.getByRole('banner').or(page.getByRole('textbox')).or(page.getByRole('combobox'))).toHaveCount(0)
  await expect(page.getByRole('button'), 'only the photo').toHaveAccessibleName('Open the photo of “Buy coffee beans”')
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
})
