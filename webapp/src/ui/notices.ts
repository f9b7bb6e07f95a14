import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

export interface Notice {
  id: number
  text: string
  /** Whether what it tells of can still be taken back. */
  undoable: boolean
  /** Whether it is for screen readers alone, since eyes can see already what it tells of. */
  unseen: boolean
}

/** Something that happens only when the notice of it closes, unless it is taken back before. */
export interface Second {
  undo: () => void
  /** Must not throw. */
  commit: () => Promise<void>
}

interface Shown extends Notice {
  second: Second | null
}

/** How long a notice stays, in milliseconds: time to read a sentence, and more to think better of it. */
const stay = 5000
const stayToUndo = 8000

/** How many are on the page at once; an older one makes room. */
const room = 3

/** Short words about what has just been done, for eyes and screen readers. */
export const useNoticesStore = defineStore('notices', () => {
  const shown = shallowRef<readonly Shown[]>([])
  const list = computed<Notice[]>(() => shown.value.map(({ id, text, undoable, unseen }) => ({ id, text, undoable, unseen })))
  const held = ref(false)
  const timers = new Map<number, ReturnType<typeof setTimeout>>()
  const running = new Set<Promise<void>>()
  let last = 0

  function say(words: string): void {
    add(words, null)
  }

  /** Says something to screen readers alone. */
  function read(words: string): void {
    add(words, null, true)
  }

  /** Says that something is as good as done; gives a way to forget about it, undone and uncommitted. */
  function offer(words: string, second: Second): () => void {
    const id = add(words, second)
    return () => { take(id) }
  }

  function add(text: string, second: Second | null, unseen = false): number {
    last += 1
    const id = last
    shown.value = [...shown.value, { id, text, undoable: second !== null, unseen, second }]
    for (const old of shown.value.filter((notice) => !notice.unseen).slice(0, -room)) dismiss(old.id)
    if (!held.value) count(id)
    return id
  }

  function count(id: number): void {
    const undoable = shown.value.find((notice) => notice.id === id)?.undoable
    timers.set(id, setTimeout(() => { dismiss(id) }, undoable === true ? stayToUndo : stay))
  }

  /** Takes a notice off the page and gives what hangs on it. */
  function take(id: number): Second | null {
    clearTimeout(timers.get(id))
    timers.delete(id)
    const notice = shown.value.find((one) => one.id === id)
    shown.value = shown.value.filter((one) => one.id !== id)
    if (shown.value.length === 0) held.value = false
    return notice?.second ?? null
  }

  /** Closes a notice: what it tells of happens now. */
  function dismiss(id: number): void {
    const second = take(id)
    if (second === null) return
    const work = second.commit().finally(() => running.delete(work))
    running.add(work)
  }

  function undo(id: number): void {
    take(id)?.undo()
  }

  /** Lets notices stay while somebody is at them, and counts anew afterwards. */
  function hold(stays: boolean): void {
    if (held.value === stays) return
    held.value = stays
    for (const { id } of shown.value) {
      clearTimeout(timers.get(id))
      if (!stays) count(id)
    }
  }

  /** Closes all that can still be taken back, and waits until it has happened. */
  async function settle(): Promise<void> {
    for (const { id, undoable } of shown.value) if (undoable) dismiss(id)
    await Promise.all(running)
  }

  /** Forgets all notices, for the next person. */
  function reset(): void {
    for (const { id } of shown.value) take(id)
  }

  return { list, say, read, offer, dismiss, undo, hold, settle, reset }
})
