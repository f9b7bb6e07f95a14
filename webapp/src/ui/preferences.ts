import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

const key = 'snaptask.single-keys'

/** How somebody likes the app, on this device. */
export const usePreferencesStore = defineStore('preferences', () => {
  /** Whether keys do something by themselves; who speaks to the machine, or hits keys by chance, is better off without. */
  const singleKeys = ref(read() !== 'off')

  watch(singleKeys, (on) => { write(on ? 'on' : 'off') }, { flush: 'sync' })

  return { singleKeys }
})

function read(): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Keeps the choice; a browser that refuses to has it until the page goes. */
function write(value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}
