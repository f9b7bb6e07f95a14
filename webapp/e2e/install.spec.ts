import { expect } from '@playwright/test'
import { test } from './story'

interface Manifest {
  icons: { src: string; sizes: string; type: string }[]
}

/** Returns the size of a PNG from its header. */
const sizeOf = (png: Buffer) => `${png.readUInt32BE(16).toString()}x${png.readUInt32BE(20).toString()}`

test('the page has icons and a manifest that Chromium accepts', async ({ page }) => {
  await page.goto('/')
  const browser = await page.context().newCDPSession(page)
  const { url, errors } = await browser.send('Page.getAppManifest')
  expect(errors).toEqual([])
  const answer = await page.request.get(url)
  expect(answer.headers()['content-type']).toBe('application/manifest+json')
  for (const { src, sizes, type } of ((await answer.json()) as Manifest).icons) {
    const icon = await page.request.get(src)
    expect(icon.headers()['content-type']).toBe(type)
    expect(sizeOf(await icon.body()), src).toBe(sizes)
  }
  const linked = await page.locator('link[rel=icon], link[rel=apple-touch-icon]').evaluateAll((links) => links.map((link) => (link as HTMLLinkElement).href))
  const types = await Promise.all(linked.map(async (href) => (await page.request.get(href)).headers()['content-type']))
  expect(types).toEqual(['image/x-icon', 'image/svg+xml', 'image/png'])
})
