import { fileURLToPath } from 'node:url'
import { expect, test as base, type Page } from '@playwright/test'

/** A page on which nothing may be refused by the server's policy and no script may fail. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text())
    })
    await use(page)
    expect(complaints).toEqual([])
  },
})

export const photo = (name: string) => fileURLToPath(new URL(`photos/${name}`, import.meta.url))

/** A title that no other run uses. */
export const freshTitle = (words: string) => `${words} ${Date.now().toString(36)}`

export async function signIn(page: Page): Promise<void> {
  await page.goto('/')
  await page.getByLabel('Username').fill('demo')
  await page.getByLabel('Password').fill(process.env.DEMO_PASSWORD ?? 'demo-password')
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
}

export async function addTask(page: Page, title: string): Promise<void> {
  await page.getByLabel('Title').fill(title)
  await page.getByLabel('Title').press('Enter')
  await expect(page.getByRole('article', { name: title })).toBeVisible()
}

/** Notes every time the page shows some words, however shortly; gives whether it has by the time it is asked. */
export async function watchFor(page: Page, words: string): Promise<() => Promise<boolean>> {
  await page.evaluate((sought) => {
    new MutationObserver(() => {
      if (document.body.textContent.includes(sought)) document.documentElement.dataset.shown = sought
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  }, words)
  return () => page.evaluate((sought) => document.documentElement.dataset.shown === sought, words)
}

export async function deleteTask(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Delete “${title}”` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('article', { name: title })).toHaveCount(0)
}
