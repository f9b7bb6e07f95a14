import { nextTick, watch, type Ref } from 'vue'

/** When the list item with the focus goes away, moves the focus to the item that takes its place, or to the last one. */
export function useFocusKept(ids: () => readonly string[], elementOf: (id: string) => HTMLElement | null, list: Readonly<Ref<HTMLElement | null>>): void {
  watch(ids, async (now, before) => {
    const focused = document.activeElement
    if (focused === null || list.value?.contains(focused) !== true) return
    const index = before.findIndex((id) => elementOf(id)?.contains(focused))
    const gone = before[index]
    if (gone === undefined || now.includes(gone)) return
    await nextTick()
    const next = now[Math.min(index, now.length - 1)]
    if (next !== undefined) elementOf(next)?.focus({ preventScroll: true })
  }, { flush: 'pre' })
}
