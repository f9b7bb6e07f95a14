import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test as base, type CDPSession, type Locator, type Page } from '@playwright/test'

/** A page that must not violate the Content Security Policy or throw. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) errors.push(message.text())
    })
    await use(page)
    expect(errors).toEqual([])
  },
})

export const photo = (name: string) => fileURLToPath(new URL(`photos/${name}`, import.meta.url))

const freshName = (words: string) => `${words}-${randomBytes(5).toString('hex')}`

export interface Account {
  username: string
  password: string
}

export interface Sample {
  title: string
  body?: string
  day?: number
  picture?: string
  done?: boolean
}

/** Creates an account, so that each story sees only its own tasks. */
export async function newAccount(page: Page): Promise<Account> {
  const account = { username: freshName('walker'), password: 'a long enough password' }
  const answer = await page.request.post('/function/register', { data: account })
  expect(answer.status(), await answer.text()).toBe(200)
  return account
}

/** Signs in on the open sign-in page, or else on the start page. */
export async function signIn(page: Page, { username, password }: Account): Promise<void> {
  if (!page.url().includes('/sign-in')) await page.goto('/')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
}

/** Creates an account and signs in. */
export async function signInAfresh(page: Page): Promise<Account> {
  const account = await newAccount(page)
  await signIn(page, account)
  return account
}

/** Returns the token of a separate session, for calls outside the page. */
export async function tokenOf(page: Page, account: Account): Promise<string> {
  const answer = await page.request.post('/function/login', { data: account })
  const { token } = (await answer.json()) as { token: string }
  return token
}

/** Creates tasks outside the page, with photos where a name is given; days count from today. */
export async function makeTasks(page: Page, token: string, tasks: readonly Sample[]): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` }
  for (const { title, body = '', day = 0, picture, done = false } of tasks) {
    const dueDate = await page.evaluate((days) => {
      const date = new Date()
      date.setDate(date.getDate() + days)
      return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => part.toString().padStart(2, '0')).join('-')
    }, day)
    const created = await page.request.post('/function/create-task', { headers, data: { title, body, dueDate } })
    expect(created.status(), await created.text()).toBe(200)
    let task = (await created.json()) as { id: string; version: number }
    if (picture !== undefined) {
      const seen = await page.request.put(`/function/predict-image?id=${task.id}`, { headers, data: await readFile(photo(picture)) })
      expect(seen.status(), await seen.text()).toBe(200)
      task = (await seen.json()) as typeof task
    }
    if (done) {
      const { version } = task
      const changed = await page.request.patch(`/function/update-task?id=${task.id}`, { headers, data: { completed: true, version } })
      expect(changed.status(), await changed.text()).toBe(200)
    }
  }
}

/** Returns the titles of a session's tasks on the server. */
export async function tasksOf(page: Page, token: string): Promise<string[]> {
  const answer = await page.request.get('/function/get-tasks', { headers: { Authorization: `Bearer ${token}` } })
  return ((await answer.json()) as { title: string }[]).map(({ title }) => title)
}

export const card = (page: Page, title: string): Locator => page.getByRole('article', { name: title, exact: true })

/** Pastes a photo into an element, as Ctrl+V does. */
export async function pastePhoto(target: Locator, name: string): Promise<void> {
  const bytes = (await readFile(photo(name))).toString('base64')
  await target.evaluate((element, { bytes, name }) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: 'image/jpeg' }))
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, { bytes, name })
}

/** Chooses a photo of more than 1 MiB, which goes by event: a file input's photo with bytes after its end, which decoders skip. */
export async function chooseLarge(input: Locator, name: string): Promise<void> {
  const buffer = Buffer.concat([await readFile(photo(name)), Buffer.alloc(2 ** 20)])
  await input.setInputFiles({ name, mimeType: 'image/jpeg', buffer })
}

/** Drags photos over an element. Returns a function that drops them. */
export async function dragPhoto(target: Locator, ...names: string[]): Promise<() => Promise<void>> {
  const files = await Promise.all(names.map(async (name) => ({ name, bytes: (await readFile(photo(name))).toString('base64') })))
  const data = await target.page().evaluateHandle((files) => {
    const data = new DataTransfer()
    for (const { name, bytes } of files) data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: 'image/jpeg' }))
    return data
  }, files)
  for (const kind of ['dragenter', 'dragover']) await target.dispatchEvent(kind, { dataTransfer: data })
  return () => target.dispatchEvent('drop', { dataTransfer: data })
}

export async function addTask(page: Page, title: string): Promise<void> {
  await page.getByLabel('Title', { exact: true }).fill(title)
  await page.getByLabel('Title', { exact: true }).press('Enter')
  await expect(card(page, title)).toBeVisible()
}

/** Limits uploads to 40 kB a second until the session is detached. */
export async function slowUploads(page: Page): Promise<CDPSession> {
  const network = await page.context().newCDPSession(page)
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 40_000 })
  return network
}

/** Returns the token of the page's session. */
export async function tokenIn(page: Page): Promise<string> {
  const kept = await page.evaluate(() => localStorage.getItem('snaptask.session'))
  return (JSON.parse(kept ?? '{}') as { token: string }).token
}

/** Sends a signal to the application's process whose command line matches, through SNAPTASK_SIGNALS. */
export async function signal(page: Page, name: 'KILL' | 'STOP' | 'CONT', words: string): Promise<void> {
  const answer = await page.request.post(`${process.env.SNAPTASK_SIGNALS ?? ''}/?${new URLSearchParams({ process: words, signal: name }).toString()}`)
  expect(answer.status(), await answer.text()).toBe(200)
}

/** Watches for a text on the page. Returns a function that reports whether it has appeared, however briefly. */
export async function watchFor(page: Page, words: string): Promise<() => Promise<boolean>> {
  await page.evaluate((sought) => {
    new MutationObserver(() => {
      if (document.body.textContent.includes(sought)) document.documentElement.dataset.shown = sought
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  }, words)
  return () => page.evaluate((sought) => document.documentElement.dataset.shown === sought, words)
}
