import { useNow } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { dayOf } from './dates'

/** Returns the current day as YYYY-MM-DD; it changes at midnight while the page is open. */
export function useToday(): ComputedRef<string> {
  const now = useNow({ interval: 30_000 })
  return computed(() => dayOf(now.value))
}
