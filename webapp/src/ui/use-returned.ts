import { onBeforeUnmount, onMounted } from 'vue'

/** How long somebody must have been away for it to matter, in milliseconds. */
const longEnough = 60_000

/** Calls back when somebody comes back to the page who was elsewhere for a while. */
export function useReturned(returned: () => void): void {
  let left = Infinity
  function changed(): void {
    if (document.visibilityState === 'hidden') left = Date.now()
    else if (Date.now() - left > longEnough) returned()
  }
  onMounted(() => { document.addEventListener('visibilitychange', changed) })
  onBeforeUnmount(() => { document.removeEventListener('visibilitychange', changed) })
}
