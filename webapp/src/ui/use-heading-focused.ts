import { nextTick, watch } from 'vue'
import { useRoute } from 'vue-router'

/** After a change of view, moves the focus to its heading, as on a new page, unless the view has set the focus itself. */
export function useHeadingFocused(): void {
  const route = useRoute()
  watch(() => route.name, async (_now, before) => {
    if (before === undefined) return // the page has just loaded
    await nextTick()
    const main = document.querySelector('main')
    if (main?.contains(document.activeElement) === true) return
    const heading = main?.querySelector('h1')
    heading?.setAttribute('tabindex', '-1')
    heading?.focus({ preventScroll: true })
  }, { flush: 'post' })
}
