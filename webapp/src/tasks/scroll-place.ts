/** Where a list is scrolled to: its first task in view, and how far below the top of the window it is. */
interface Place {
  taskID: string
  top: number
}

/** The last places by address. Heights above a task change as photos and pages arrive, so a number of pixels is no place. */
const places = new Map<string, Place>()

/** How many places are kept. */
const limit = 50

/** Remembers which task is at the top of the window, before the page at this address is left. */
export function rememberPlace(address: string): void {
  const first = Array.from(document.querySelectorAll('main article')).find((task) => task.getBoundingClientRect().bottom > 0)
  places.delete(address)
  if (first === undefined || window.scrollY === 0) return
  places.set(address, { taskID: first.id, top: first.getBoundingClientRect().top })
  for (const oldest of [...places.keys()].slice(0, -limit)) places.delete(oldest)
}

/** Returns where to scroll when somebody goes back to this address, for vue-router; null if it is not known or the task is gone. */
export function placeAt(address: string): { el: Element; top: number } | null {
  const place = places.get(address)
  const el = document.getElementById(place?.taskID ?? '')
  return place === undefined || el === null ? null : { el, top: place.top }
}

/** How long keepPlace corrects the scroll position, in milliseconds. */
const settlingTime = 1_000

/**
 * Keeps the window at the place of this address while the page settles, because the browser estimates the height of tasks far outside
 * the view until they come near. It ends when somebody scrolls, types or touches.
 */
export async function keepPlace(address: string): Promise<void> {
  const place = places.get(address)
  if (place === undefined) return
  const taken = new AbortController()
  for (const type of ['wheel', 'touchstart', 'pointerdown', 'keydown']) {
    window.addEventListener(type, () => { taken.abort() }, { signal: taken.signal, passive: true })
  }
  for (const end = performance.now() + settlingTime; performance.now() < end && !taken.signal.aborted;) {
    await new Promise(requestAnimationFrame)
    const off = (document.getElementById(place.taskID)?.getBoundingClientRect().top ?? place.top) - place.top
    if (Math.abs(off) >= 1 && !taken.signal.aborted) window.scrollBy({ top: off, behavior: 'instant' })
  }
  taken.abort()
}
