import { expect } from '@playwright/test'
import { expectAccessible } from './look'
import { card, signInAfresh, tasksOf, test, tokenOf } from './story'

test('everything works by keyboard, and the focus is never lost', async ({ page }) => {
  await signInAfresh(page)
  const title = page.getByLabel('Title', { exact: true })
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await expect(title).toBeFocused()
  for (const words of ['First', 'Second', 'Third']) {
    await page.keyboard.type(words)
    await page.keyboard.press('Enter')
    await expect(card(page, words)).toBeVisible()
    await expect(title).toHaveValue('')
    await expect(title).toBeFocused()
  }

  await card(page, 'First').getByRole('checkbox').focus()
  await page.keyboard.press('Space')
  await expect(card(page, 'First')).toHaveCount(0)
  await expect(card(page, 'Second')).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(card(page, 'Second').getByRole('checkbox')).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(card(page, 'Second').getByLabel('Title')).toBeFocused()
  await page.keyboard.type(' thing')
  await page.keyboard.press('Control+Enter')
  const second = card(page, 'Second thing')
  await expect(second.getByRole('button', { name: 'Edit' })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(second).toHaveCount(0)
  await expect(card(page, 'Third')).toBeFocused()

  await page.keyboard.press('/')
  await page.keyboard.type('nothing like it')
  await expect(page.getByRole('heading', { name: 'No matching tasks' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(card(page, 'Third')).toBeVisible()
})

test('twenty tasks typed fast on a slow network lose no letter', async ({ page }) => {
  const account = await signInAfresh(page)
  const network = await page.context().newCDPSession(page)
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 300, downloadThroughput: -1, uploadThroughput: -1 })
  await page.keyboard.press('n')
  const titles = Array.from({ length: 20 }, (_, index) => `Task abcdefgh ${(index + 1).toString()}`)
  for (const title of titles) await page.keyboard.type(`${title}\n`, { delay: 60 })
  await expect(page.getByRole('article')).toHaveCount(20)
  await network.detach()
  const token = await tokenOf(page, account)
  await expect.poll(async () => (await tasksOf(page, token)).sort()).toEqual([...titles].sort())
})
