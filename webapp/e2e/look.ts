import { join } from 'node:path'
import axe from 'axe-core'
import { expect, type Page } from '@playwright/test'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const schemes = ['light', 'dark'] as const
const screens = [{ width: 1280, height: 860 }, { width: 390, height: 844 }, { width: 320, height: 640 }] as const

/** Where to save screenshots, if anywhere: `make screenshots` sets it. */
const folder = process.env.SCREENSHOTS

/** Checks the page against WCAG 2.2 AA with axe, in light and dark, and that it does not scroll sideways. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const found = await page.evaluate(async (tags) => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: tags, resultTypes: ['violations'],
      })
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n')}`)
    }, rules)
    expect(found, colorScheme).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(over, 'the page is wider than the screen').toBe(0)
}

/**
 * Checks accessibility at the widest and the narrowest size. With SCREENSHOTS, also saves screenshots at every size, in
 * light and dark; `whole` captures the full page.
 */
export async function look(page: Page, name: string, { whole = false } = {}): Promise<void> {
  const before = page.viewportSize() ?? screens[0]
  for (const screen of screens) {
    if (folder === undefined && screen.width === 390) continue
    await page.setViewportSize(screen)
    await expectAccessible(page)
    for (const colorScheme of folder === undefined ? [] : schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.screenshot({
        path: join(folder ?? '', `${name}.${screen.width.toString()}.${colorScheme}.png`),
        fullPage: whole, animations: 'disabled',
      })
    }
  }
  await page.setViewportSize(before)
}
