import { expect, type Page } from '@playwright/test'
import { card, makeTasks, pastePhoto, signInAfresh, test, tokenOf } from './story'

/** The browser's own measurements of a page. Layout shifts are those since the last measurement. */
interface Seen {
  shifts: { value: number; afterInput: boolean; moved: string[] }[]
  /** Milliseconds since the request for the page. */
  firstPaint: number
  largestPaint: number
  list: number
  /** Bytes of scripts and styles from the network; 0 from the cache. */
  fetched: number
}

interface Watch {
  take: () => Seen
}

/** Starts measuring with every page load. Returns a function that takes the measurements. */
async function watch(page: Page): Promise<() => Promise<Seen>> {
  await page.addInitScript(() => {
    interface Shift extends PerformanceEntry { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] }
    const shifts: Seen['shifts'] = []
    const seen = { firstPaint: 0, largestPaint: 0, list: 0 }
    const shifting = new PerformanceObserver((found) => { found.getEntries().forEach(note) })
    function note(entry: PerformanceEntry): void {
      const { value, hadRecentInput, sources } = entry as Shift
      shifts.push({ value, afterInput: hadRecentInput, moved: sources.map(({ node }) => (node instanceof Element ? node.className || node.tagName : '')) })
    }
    shifting.observe({ type: 'layout-shift', buffered: true })
    new PerformanceObserver((found) => { seen.largestPaint = found.getEntries().at(-1)?.startTime ?? 0 })
      .observe({ type: 'largest-contentful-paint', buffered: true })
    new PerformanceObserver((found) => { seen.firstPaint = found.getEntriesByName('first-contentful-paint')[0]?.startTime ?? seen.firstPaint })
      .observe({ type: 'paint', buffered: true })
    const filling = new MutationObserver(() => {
      if (document.querySelector('article') === null) return
      filling.disconnect()
      // A task queued within a frame runs after that frame has been painted.
      requestAnimationFrame(() => setTimeout(() => { seen.list = performance.mark('list').startTime }))
    })
    filling.observe(document, { childList: true, subtree: true })
    const take = () => {
      shifting.takeRecords().forEach(note)
      const fetched = performance.getEntriesByType('resource')
        .filter(({ name }) => name.includes('/assets/'))
        .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0)
      return { ...seen, fetched, shifts: shifts.splice(0) }
    }
    Object.assign(window, { watch: { take } satisfies Watch })
  })
  return async () => {
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)) }))
    return page.evaluate(() => (window as unknown as { watch: Watch }).watch.take())
  }
}

const moved = (seen: Seen) => seen.shifts.reduce((sum, { value }) => sum + value, 0)
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const ms = (value: number) => `${Math.round(value).toString()} ms`

for (const width of [1280, 320]) {
  test(`nothing moves while photos are recognised, at ${width.toString()} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 })
    const look = await watch(page)
    const token = await tokenOf(page, await signInAfresh(page))
    await makeTasks(page, token, [{ title: 'Paint the jetty' }, { title: 'Buy coffee', day: 1 }, { title: 'Book the vet', day: 20 }])
    await page.reload()
    for (const [title, photo] of [['Paint the jetty', 'landscape.jpg'], ['Buy coffee', 'coffee.png'], ['Book the vet', 'chelsea.png']] as const) {
      const task = card(page, title)
      const network = await page.context().newCDPSession(page)
      await network.send('Network.enable')
      await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1_000_000 })
      await pastePhoto(task, photo)
      await expect(task.getByRole('progressbar')).toBeVisible()
      await expect(task.locator('img')).toBeVisible()
      const room = moved(await look()) // the thumbnail makes room for itself, after user input
      await expect(task.getByRole('link').first()).toBeVisible()
      await expect(page.getByRole('status', { name: 'Notices' })).toContainText(title)
      const seen = await look()
      console.log(`${width.toString()} px, ${photo}: layout shift ${moved(seen).toString()} from upload to labels, ${room.toFixed(3)} as the picture came`)
      expect(seen.shifts, 'layout shifts from upload to labels').toEqual([])
      await network.detach()
    }
  })
}

test('how fast the list appears, with warm caches', async ({ page }) => {
  const look = await watch(page)
  const token = await tokenOf(page, await signInAfresh(page))
  const photos = ['landscape.jpg', 'coffee.png', 'chelsea.png', 'rocket.jpg']
  await makeTasks(page, token, Array.from({ length: 20 }, (_, at) => ({ title: `Task ${at.toString()}`, day: at, ...(at < 4 ? { picture: photos[at] ?? '' } : {}) })))
  const all: Seen[] = []
  for (let round = 0; round < 6; round++) {
    await page.goto('/')
    await expect(page.getByRole('article')).toHaveCount(20)
    await expect(page.locator('article img').first()).toBeVisible()
    all.push(await look())
  }
  const warm = all.slice(1)
  const of = (name: 'firstPaint' | 'largestPaint' | 'list') => `${ms(median(warm.map((seen) => seen[name])))} (${ms(Math.max(...warm.map((seen) => seen[name])))} at most)`
  console.log(`the list of 20 tasks, ${warm.length.toString()} visits, median: first paint ${of('firstPaint')}, list ${of('list')}, largest paint ${of('largestPaint')}`)
  console.log(`layout shift while it loads: ${Math.max(...warm.map(moved)).toString()}; scripts and styles fetched: ${median(warm.map(({ fetched }) => fetched)).toString()} bytes`)
  expect(warm.map(({ shifts }) => shifts).flat(), 'layout shifts while the list loads').toEqual([])
})
