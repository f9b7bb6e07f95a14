import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Notice {
  id: number
  text: string
}

/** How long a notice stays, in milliseconds: time to read a sentence. */
const stay = 5000

/** How many are on the page at once; an older one makes room. */
const room = 2

/** Short words about what has just been done, for eyes and screen readers. */
export const useNoticesStore = defineStore('notices', () => {
  const list = ref<Notice[]>([])
  let last = 0

  function say(words: string): void {
    last += 1
    const id = last
    list.value = [...list.value, { id, text: words }].slice(-room)
    setTimeout(() => { dismiss(id) }, stay)
  }

  function dismiss(id: number): void {
    list.value = list.value.filter((notice) => notice.id !== id)
  }

  return { list, say, dismiss }
})
