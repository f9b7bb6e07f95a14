import { expect } from '@playwright/test'
import { card, makeTasks, signInAfresh, test, tokenOf, type Sample } from './story'

test('going back from a label or the account returns to the same task at the same place, without loading its page again', async ({ page }) => {
  test.setTimeout(180_000)
  const token = await tokenOf(page, await signInAfresh(page))
  const samples: Sample[] = Array.from({ length: 130 }, (_, at) => ({ title: `Task ${at.toString()}`, day: at, body: 'Notes\n'.repeat(at % 4) }))
  await makeTasks(page, token, samples.map((sample, at) => (at === 115 ? { ...sample, picture: 'landscape.jpg' } : sample)))
  await page.reload()
  const far = card(page, 'Task 115')
  await expect(async () => {
    await page.evaluate(() => { window.scrollTo(0, document.body.scrollHeight) })
    await expect(far).toBeVisible({ timeout: 500 })
  }).toPass()
  await far.scrollIntoViewIfNeeded()
  const top = async () => Math.round((await far.boundingBox())?.y ?? -1)
  await expect.poll(async () => { const before = await top(); await page.waitForTimeout(300); return await top() - before }).toBe(0)
  const before = await top()

  await page.route('**/function/get-tasks*', async (route) => {
    await new Promise((resolve) => { setTimeout(resolve, 4000) })
    await route.continue()
  })
  await far.getByRole('link', { name: 'pier' }).click()
  await expect(page.getByRole('article')).toHaveCount(1)
  await expect(far).toBeInViewport()
  await expect(page.getByRole('button', { name: 'Clear the label pier' }), 'the filter is in view too').toBeInViewport()
  // A click would scroll to the link first.
  for (const leave of [null, () => page.getByRole('link', { name: 'Account of' }).dispatchEvent('click')]) {
    if (leave !== null) {
      await leave()
      await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible()
    }
    await page.goBack()
    await expect(far).toBeInViewport({ timeout: 3000 })
    expect(Math.abs(await top() - before), 'pixels off').toBeLessThan(3)
    await page.waitForTimeout(4500)
    expect(Math.abs(await top() - before), 'pixels off once the first page has come').toBeLessThan(3)
  }
})
