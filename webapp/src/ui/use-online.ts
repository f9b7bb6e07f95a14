import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the browser has a network at all; `back` is called when it has again. */
export function useOnline(back: () => void): Readonly<Ref<boolean>> {
  const online = ref(navigator.onLine)
  function changed(): void {
    online.value = navigator.onLine
    if (online.value) back()
  }
  window.addEventListener('online', changed)
  window.addEventListener('offline', changed)
  onScopeDispose(() => {
    window.removeEventListener('online', changed)
    window.removeEventListener('offline', changed)
  })
  return online
}
