import { expect, type Page } from '@playwright/test'
import type { Task } from '../src/api/types'
import { text } from '../src/ui/text'
import { look } from './look'
import { addTask, card, dragPhoto, makeTasks, pastePhoto, photo, type Sample, signIn, slowUploads, test, tokenOf } from './story'

/** Every screen and state: checked against WCAG, and captured by `make screenshots`. */

const account = { username: 'walker', password: 'a long enough password' }

const week: Sample[] = [
  { title: 'Return the library books', day: -2 },
  { title: 'Repaint the railing of the pier', body: 'Two coats, the second one on a dry day.\nThe blue is in the shed.', picture: 'landscape.jpg' },
  { title: 'Buy coffee beans', picture: 'coffee.png' },
  { title: 'Water the tomatoes', day: 1 },
  { title: 'Book the vet for Chelsea', body: 'Vaccination, and ask about her teeth', day: 3, picture: 'chelsea.png' },
  { title: 'Watch the launch with the kids', day: 24, picture: 'rocket.jpg' },
  { title: 'Renew the passport', day: 40 },
]

const awkward: Sample[] = [
  { title: 'A title that goes on for quite a while, since somebody put into it what belongs into the notes, and then some more', day: 0, picture: 'coffee.png' },
  { title: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftssatzung', body: 'https://example.org/a/very/long/address/without/any/place/to/break/0123456789012345678901234567890123456789', picture: 'chelsea.png' },
  { title: 'x', day: 400 },
]

/** Creates the account anew, deleting one that an earlier run left. */
async function register(page: Page): Promise<string> {
  const post = (name: string, data: object, token = '') =>
    page.request.post(`/function/${name}`, { data, headers: { Authorization: `Bearer ${token}` } })
  if (!(await post('register', account)).ok()) {
    await post('delete-account', { currentPassword: account.password }, await tokenOf(page, account))
    expect((await post('register', account)).ok()).toBe(true)
  }
  return tokenOf(page, account)
}

/** Holds the calls of a function. Returns a function that releases them. */
async function hold(page: Page, name: string): Promise<() => Promise<void>> {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => { open = resolve })
  const pattern = `**/function/${name}*`
  await page.route(pattern, async (route) => {
    await opened
    await route.continue().catch(() => undefined) // the page may have cancelled
  })
  return async () => {
    open()
    await page.unroute(pattern)
  }
}

/** Keeps the notices open, as pointing at them does. */
const keepNotices = (page: Page) => page.getByRole('status', { name: 'Notices' }).dispatchEvent('pointerenter')

/** Answers the next call for the list with these changes to its tasks. */
async function withTasks(page: Page, change: (task: Task, index: number) => Task): Promise<void> {
  await page.route('**/function/get-tasks*', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: ((await answer.json()) as Task[]).map(change) })
  }, { times: 1 })
}

test.use({ viewport: { width: 1280, height: 860 } })
test.describe.configure({ timeout: 600_000 })

test('before signing in', async ({ page }) => {
  await register(page)
  await page.goto('/')
  await expect(page.getByRole('link', { name: 'Create an account' })).toBeVisible()
  await look(page, 'sign-in')
  const release = await hold(page, 'login')
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('button', { name: 'Signing in…' })).toBeVisible()
  await look(page, 'sign-in-busy')
  await release()
  await expect(page.getByRole('alert')).not.toBeEmpty()
  await look(page, 'sign-in-wrong')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await look(page, 'register')
  await page.getByLabel('Username').fill('ab')
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true')
  await look(page, 'register-wrong')
  await page.route('**/config.json', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()) as object, registration: false } })
  })
  await page.reload()
  await expect(page.getByText('New accounts can’t be created here')).toBeVisible()
  await look(page, 'register-closed')
})

test('the list', async ({ page }) => {
  const token = await register(page)
  await page.goto('/')
  await signIn(page, account)
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  await look(page, 'empty')
  await page.getByText('Done', { exact: true }).click()
  await expect(page.getByText('Nothing done yet')).toBeVisible()
  await look(page, 'empty-done')
  await page.getByText('To do', { exact: true }).click()

  await page.getByRole('button', { name: 'Add task' }).or(page.getByLabel('Title', { exact: true })).first().focus()
  await page.getByLabel('Title', { exact: true }).press('Enter')
  await expect(page.getByText('Enter a title.')).toBeVisible()
  await look(page, 'compose-wrong')
  await page.getByLabel('Title', { exact: true }).fill('Repaint the railing of the pier')
  await page.getByLabel('Notes').fill('Two coats, the second one on a dry day.')
  await page.getByLabel('Add photo to the new task').setInputFiles(photo('landscape.jpg'))
  await look(page, 'compose')
  await page.getByLabel('Title', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Remove the photo' }).click()
  await page.getByLabel('Notes').fill('')

  await makeTasks(page, token, week)
  await page.reload()
  await expect(page.getByRole('list', { name: 'Suggested labels' })).toHaveCount(4)
  await expect(page.locator('article img').nth(1)).toBeVisible()
  await look(page, 'list')
  await look(page, 'list-whole', { whole: true })
  await page.emulateMedia({ media: 'print' })
  await look(page, 'list-printed', { whole: true })
  await page.emulateMedia({ media: null })
  const pier = card(page, 'Repaint the railing of the pier')
  await pier.getByRole('button', { name: 'All 10' }).click()
  await look(page, 'labels-all')
  await pier.getByRole('button', { name: 'Fewer' }).click()
  await pier.getByRole('link', { name: 'pier' }).click()
  await expect(page.getByRole('article')).toHaveCount(1)
  await look(page, 'found')
  await page.goto('/?q=zebra&due=week')
  await expect(page.getByRole('heading', { name: 'No matching tasks' })).toBeVisible()
  await look(page, 'nothing-found')
  await page.getByRole('button', { name: 'Clear search and filters' }).click()
  await expect(page).toHaveURL(/\/$/)
  await page.goto('/?sort=created')
  await expect(page.getByRole('article')).toHaveCount(7)
  await look(page, 'newest-first')
  await page.goto('/')

  await pier.getByRole('button', { name: 'Edit' }).click()
  await look(page, 'editor')
  await pier.getByLabel('Title').fill('')
  await pier.getByRole('button', { name: 'Save' }).click()
  await look(page, 'editor-wrong')
  await page.keyboard.press('Escape')

  await pier.getByRole('button', { name: 'Open the photo' }).click()
  await expect(page.getByRole('dialog').getByRole('img')).toBeVisible()
  await look(page, 'picture')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await look(page, 'help')
  await page.keyboard.press('Escape')

  await card(page, 'Water the tomatoes').getByRole('checkbox').click()
  await card(page, 'Renew the passport').getByRole('button', { name: 'Delete' }).click()
  await keepNotices(page)
  await look(page, 'notices')
  await page.getByText('Done', { exact: true }).click()
  await expect(page.getByRole('article')).toHaveCount(1)
  await page.getByRole('status', { name: 'Notices' }).dispatchEvent('pointerleave')
  await look(page, 'done')
  await page.goto('/')

  await pier.getByRole('button', { name: 'Edit' }).click()
  await pier.getByLabel('Title').fill('Repaint the railing in red')
  await pier.getByLabel('Notes').fill('One coat will do.')
  const { id, version } = ((await (await page.request.get('/function/get-tasks?q=railing', { headers: { Authorization: `Bearer ${token}` } })).json()) as { id: string; version: number }[])[0] ?? { id: '', version: 0 }
  await page.request.patch(`/function/update-task?id=${id}`, { headers: { Authorization: `Bearer ${token}` }, data: { title: 'Repaint the railing in green', version } })
  await pier.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog', { name: 'This task was changed elsewhere' })).toBeVisible()
  await look(page, 'conflict')
  await page.getByRole('button', { name: 'Keep your version' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await makeTasks(page, token, awkward)
  await page.goto('/?sort=created')
  await expect(page.getByRole('article')).toHaveCount(8)
  await expect(page.locator('article img').first()).toBeVisible()
  await look(page, 'awkward', { whole: true })
})

test('uploading a photo', async ({ page }) => {
  const token = await register(page)
  await page.goto('/')
  await signIn(page, account)
  await makeTasks(page, token, [{ title: 'Buy coffee beans', picture: 'coffee.png' }, { title: 'Repaint the railing of the pier' }])
  await page.reload()
  const pier = card(page, 'Repaint the railing of the pier')
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 20_000 })
  await pastePhoto(pier, 'landscape.jpg')
  await expect(pier.getByText(/Uploading, [1-9]/)).toBeVisible()
  await look(page, 'uploading')
  await pier.getByRole('button', { name: 'Cancel' }).click()
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })

  await page.route('**/function/predict-image*', (route) => route.abort('connectionreset'), { times: 1 })
  await pastePhoto(pier, 'landscape.jpg')
  await expect(pier.getByRole('alert')).toBeVisible()
  await look(page, 'upload-broken')
  await pier.getByRole('button', { name: 'Dismiss' }).click()

  await pastePhoto(pier, 'landscape.jpg')
  await expect(pier.getByRole('list', { name: 'Suggested labels' })).toBeVisible()
  await keepNotices(page)
  await look(page, 'recognised')
  for (const imageStatus of ['pending', 'failed'] as const) {
    await withTasks(page, (task) => task.upload ? { ...task, imageStatus, labels: [], predictions: [] } : task)
    await page.reload()
    await expect(pier.getByRole('button', { name: 'Look again' })).toBeVisible()
    await expect(page.locator('article img')).toHaveCount(2)
    await look(page, imageStatus)
  }
  const release = await hold(page, 'predict-image')
  await pier.getByRole('button', { name: 'Look again' }).click()
  await expect(pier.getByText('Looking at it…').first()).toBeVisible()
  await look(page, 'recognising')
  await release()
  await expect(pier.getByRole('link', { name: 'pier' })).toBeVisible()
})

test('photos by event', async ({ page }) => {
  const token = await register(page)
  await page.goto('/')
  await signIn(page, account)
  await expect(page.getByText('Nothing to do yet')).toBeVisible()
  const network = await slowUploads(page)
  const drop = await dragPhoto(page.getByRole('banner'), 'landscape.jpg', 'rocket.jpg', 'coffee.png', 'chelsea.png', 'landscape.jpg')
  await drop()
  await expect(page.getByRole('progressbar', { name: 'Uploading' })).toHaveCount(3)
  await expect(page.getByText('Waiting…')).toHaveCount(2)
  await look(page, 'uploading-several')
  await network.detach()
  await expect(page.getByRole('list', { name: 'Suggested labels' })).toHaveCount(5)

  const headers = { Authorization: `Bearer ${token}` }
  await makeTasks(page, token, [{ title: 'Water the tomatoes' }])
  const made = (await (await page.request.get('/function/get-tasks', { headers })).json()) as Task[]
  for (const { id } of made.filter(({ title }) => ['Water the tomatoes', 'coffee'].includes(title))) {
    const begun = await page.request.post(`/function/upload-url?id=${id}`, { headers, data: { bytes: 2_000_000, contentType: 'image/jpeg' } })
    expect(begun.status(), await begun.text()).toBe(200)
  }
  await page.reload()
  await expect(page.getByText('A photo is on its way…')).toHaveCount(2)
  await page.clock.install()
  await page.reload()
  await expect(page.getByText('A photo is on its way…')).toHaveCount(2)
  await look(page, 'awaited', { whole: true })
  await page.clock.fastForward(11_000)
  await expect(page.getByText('The photo has not arrived.')).toHaveCount(2)
  await look(page, 'not-arrived', { whole: true })

  const codes = [...Object.keys(text.photo.uploadErrors), 'a code of a later version']
  await makeTasks(page, token, codes.slice(made.length).map((code) => ({ title: code })))
  await withTasks(page, (task, index) => ({ ...task, uploading: false, uploadError: codes[index] ?? null }))
  await page.reload()
  await expect(page.getByRole('article').getByRole('alert')).toHaveCount(codes.length)
  await page.getByRole('article').nth(4).scrollIntoViewIfNeeded() // photos load when they come into view
  await expect(page.locator('article img')).toHaveCount(5)
  await look(page, 'upload-errors', { whole: true })
})

test('when something fails', async ({ page, context }) => {
  const token = await register(page)
  await page.goto('/')
  await signIn(page, account)
  await makeTasks(page, token, week.slice(0, 3))
  const release = await hold(page, 'get-tasks')
  await page.reload()
  await expect(page.getByText('Loading your tasks…')).toBeAttached()
  await look(page, 'loading')
  await expect(page.getByText('This is taking longer than usual…')).toBeVisible()
  await look(page, 'slow')
  await release()
  await expect(page.getByRole('article')).toHaveCount(3)

  await page.route('**/function/get-tasks*', (route) => route.fulfill({ status: 502, body: 'Bad gateway' }), { times: 1 })
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Your tasks could not be loaded' })).toBeVisible()
  await look(page, 'server-unavailable')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('article')).toHaveCount(3)

  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await look(page, 'offline')
  await page.getByLabel('Title', { exact: true }).fill('Written on the train')
  await page.getByLabel('Title', { exact: true }).press('Enter')
  await expect(page.getByText('There is no connection to Snaptask.')).toBeVisible()
  await look(page, 'offline-refused')
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(card(page, 'Written on the train')).toBeVisible()

  await page.route('**/function/create-task', (route) => route.fulfill({
    status: 401, json: { error: { code: 'unauthorized', message: 'The session has ended. Please sign in again.', requestId: 'r' } },
  }), { times: 1 })
  await page.getByLabel('Title', { exact: true }).fill('Half a title')
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  await look(page, 'session-ended')
})

test('the account, and pages outside the app', async ({ page }) => {
  await register(page)
  await page.goto('/')
  await signIn(page, account)
  await addTask(page, 'Renew the passport')
  await page.goto('/account')
  await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible()
  await look(page, 'account', { whole: true })
  await page.getByLabel('Current password').fill('not the password')
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('alert').first()).not.toBeEmpty()
  await look(page, 'account-wrong')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Current password').fill('not the password')
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(dialog.getByRole('alert').first()).not.toBeEmpty()
  await look(page, 'account-delete')
  await dialog.getByLabel('Current password').fill(account.password)
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByText('Your account was deleted')).toBeVisible()
  await look(page, 'account-gone')

  await page.goto('/api')
  await look(page, 'api')
  await page.goto('/nowhere')
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
  await look(page, 'not-found')
  await page.goto('/assets/nowhere.js')
  await look(page, 'error-page')
})
