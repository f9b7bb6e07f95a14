import { onBeforeUnmount, onMounted, type Ref } from 'vue'

/**
 * Calls back when an element comes near the visible part of the page. Gives a function that looks again, and calls back if
 * the element is still near: something that stays near says nothing by itself.
 */
export function useEndReached(element: Readonly<Ref<Element | null>>, reached: () => void): () => void {
  let observer: IntersectionObserver | undefined
  function look(): void {
    if (element.value === null) return
    observer?.unobserve(element.value)
    observer?.observe(element.value)
  }
  onMounted(() => {
    observer = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting === true) reached()
    }, { rootMargin: '1200px' })
    look()
  })
  onBeforeUnmount(() => { observer?.disconnect() })
  return look
}
