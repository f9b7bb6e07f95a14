import { nextTick, watch, type Ref } from 'vue'

/**
 * Keeps the focus in a list: when the item that has it goes away, the one that comes to its place gets it, or the last.
 * `keys` are the items' names in their order; `elementOf` finds the element of one.
 */
export function useFocusKept(keys: () => readonly string[], elementOf: (key: string) => HTMLElement | null, list: Readonly<Ref<HTMLElement | null>>): void {
  watch(keys, async (now, before) => {
    const focused = document.activeElement
    if (focused === null || list.value?.contains(focused) !== true) return
    const at = before.findIndex((key) => elementOf(key)?.contains(focused))
    const gone = before[at]
    if (gone === undefined || now.includes(gone)) return
    await nextTick()
    const next = now[Math.min(at, now.length - 1)]
    if (next !== undefined) elementOf(next)?.focus({ preventScroll: true })
  }, { flush: 'pre' })
}
