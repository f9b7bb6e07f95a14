import { useLocalStorage } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed } from 'vue'

/** Settings of this browser. */
export const usePreferencesStore = defineStore('preferences', () => {
  const stored = useLocalStorage('snaptask.single-keys', 'on', { writeDefaults: false })

  /** Whether single-key shortcuts work; they get in the way of speech input and shaky hands (WCAG 2.1.4). */
  const singleKeys = computed({ get: () => stored.value !== 'off', set: (on) => { stored.value = on ? 'on' : 'off' } })

  const storedNotices = useLocalStorage('snaptask.notices', 'timed', { writeDefaults: false })

  /** Whether notices stay until they are closed: some people need longer to read them and to undo (WCAG 2.2.1). */
  const keepsNotices = computed({ get: () => storedNotices.value === 'kept', set: (on) => { storedNotices.value = on ? 'kept' : 'timed' } })

  return { singleKeys, keepsNotices }
})
