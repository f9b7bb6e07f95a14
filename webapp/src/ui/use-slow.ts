import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** How long people wait without a word, in milliseconds. */
const patience = 1000

/** Whether the component has been there for longer than people wait without a word. */
export function useSlow(): Readonly<Ref<boolean>> {
  const slow = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  onMounted(() => { timer = setTimeout(() => { slow.value = true }, patience) })
  onBeforeUnmount(() => { clearTimeout(timer) })
  return slow
}
