import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Whether an element has come near the visible part of the page; once seen it stays so. */
export function useSeen(element: Readonly<Ref<Element | null>>): Readonly<Ref<boolean>> {
  const seen = ref(false)
  let observer: IntersectionObserver | undefined
  onMounted(() => {
    if (element.value === null) return
    observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return
      seen.value = true
      observer?.disconnect()
    }, { rootMargin: '200px' })
    observer.observe(element.value)
  })
  onBeforeUnmount(() => { observer?.disconnect() })
  return seen
}
