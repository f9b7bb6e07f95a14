import { onBeforeUnmount, onMounted, type Ref } from 'vue'

/** Calls back whenever an element comes near the visible part of the page. */
export function useEndReached(element: Readonly<Ref<Element | null>>, reached: () => void): void {
  let observer: IntersectionObserver | undefined
  onMounted(() => {
    if (element.value === null) return
    observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) reached()
    }, { rootMargin: '1200px' })
    observer.observe(element.value)
  })
  onBeforeUnmount(() => { observer?.disconnect() })
}
