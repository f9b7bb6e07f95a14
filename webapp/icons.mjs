// Draws the icons in public/ from src/ui/icon.svg with Chromium: `npm run icons`.
import { Buffer } from 'node:buffer'
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { chromium } from '@playwright/test'

const source = await readFile('src/ui/icon.svg', 'utf8')
/** Fills the square: systems cut out a shape of their own. */
const square = source.replace(' rx="8"', '')

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage()

async function draw(svg, size) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>* { margin: 0 } svg { display: block; width: 100vw }</style>${svg}`)
  return page.screenshot({ omitBackground: true })
}

/** An ICO file of one PNG: a header of 6 bytes, an entry of 16, the PNG. */
function ico(png, size) {
  const head = Buffer.alloc(22)
  head.writeUInt16LE(1, 2) // an icon
  head.writeUInt16LE(1, 4) // one image
  head.writeUInt8(size, 6)
  head.writeUInt8(size, 7)
  head.writeUInt16LE(1, 10) // planes
  head.writeUInt16LE(32, 12) // bits per pixel
  head.writeUInt32LE(png.length, 14)
  head.writeUInt32LE(head.length, 18)
  return Buffer.concat([head, png])
}

await writeFile('public/icon-192.png', await draw(source, 192))
await writeFile('public/icon-512.png', await draw(source, 512))
await writeFile('public/icon-maskable.png', await draw(square, 512))
await writeFile('public/apple-touch-icon.png', await draw(square, 180))
await writeFile('public/favicon.ico', ico(await draw(source, 32), 32))
await browser.close()
