import { onScopeDispose, watch } from 'vue'

/** How long it waits in between, in milliseconds. */
const pause = 15_000

/** Does something every now and then for as long as it is wanted and the page is in sight. */
export function useRepeated(wanted: () => boolean, act: () => void): void {
  let timer: ReturnType<typeof setInterval> | undefined
  watch(wanted, (now) => {
    clearInterval(timer)
    if (now) timer = setInterval(() => { if (document.visibilityState === 'visible') act() }, pause)
  }, { immediate: true })
  onScopeDispose(() => { clearInterval(timer) })
}
