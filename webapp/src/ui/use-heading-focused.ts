import { nextTick, watch } from 'vue'
import { useRoute } from 'vue-router'

/**
 * Moves the focus to the heading of a view that comes in the place of another, so that it is read out and the keys go on from
 * there as on a new page; unless the view has put it somewhere itself.
 */
export function useHeadingFocused(): void {
  const route = useRoute()
  watch(() => route.name, async (_now, before) => {
    if (before === undefined) return // the page itself is new
    await nextTick()
    const main = document.querySelector('main')
    if (main?.contains(document.activeElement) === true) return
    const heading = main?.querySelector('h1')
    heading?.setAttribute('tabindex', '-1')
    heading?.focus({ preventScroll: true })
  }, { flush: 'post' })
}
