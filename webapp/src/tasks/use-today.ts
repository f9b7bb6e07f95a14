import { onScopeDispose, ref, type Ref } from 'vue'
import { dayOf } from './dates'

/** The current day as YYYY-MM-DD; it moves on at midnight while the page stays open. */
export function useToday(): Readonly<Ref<string>> {
  const today = ref(dayOf(new Date()))
  const timer = setInterval(() => { today.value = dayOf(new Date()) }, 30_000)
  onScopeDispose(() => { clearInterval(timer) })
  return today
}
