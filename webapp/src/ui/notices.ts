import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Problem } from '@/api/problem'
import { usePreferencesStore } from './preferences'
import type { text } from './text'

/** What a notice is about. */
interface About {
  title?: string
  taskID?: string
  labels?: string[]
  problem?: Problem
}

export interface Notice extends About {
  id: number
  /** What happened; ui/text.ts has the text for it. */
  kind: keyof typeof text.notices.kinds
  undoable: boolean
  /** For screen readers only, because the page already shows it. */
  unseen: boolean
}

/** An action that runs when its notice closes, unless it is undone first. */
export interface Undoable {
  undo: () => void
  /** Must not throw. */
  commit?: () => Promise<void>
}

interface Entry {
  notice: Notice
  action: Undoable | null
}

/** How long a notice stays, in milliseconds. */
const duration = 5000
const undoDuration = 8000

/** How many notices show at once; the oldest one makes room. */
const limit = 3

/** How many actions can be undone whose notice has closed. */
const historyLimit = 20

/** Short messages about what has just happened. */
export const useNoticesStore = defineStore('notices', () => {
  const entries = shallowRef<readonly Entry[]>([])
  const list = computed(() => entries.value.map(({ notice }) => notice))
  const held = ref(false)
  const timers = new Map<number, ReturnType<typeof setTimeout>>()
  const running = new Set<Promise<void>>()
  const preferences = usePreferencesStore()
  /** Actions whose notice has closed and that can still be undone: those that nothing has committed. The last one is the latest. */
  let history: Entry[] = []
  let lastID = 0

  const say = (kind: Notice['kind'], about?: About) => { add({ kind, ...about }, null) }

  /** Tells screen readers only. */
  const announce = (kind: Notice['kind'], about?: About) => { add({ kind, ...about }, null, true) }

  /** Says that something is done, and does it when the notice closes. Returns a function that drops it, neither undone nor committed. */
  function offer(kind: Notice['kind'], about: About, action: Undoable): () => void {
    const id = add({ kind, ...about }, action)
    return () => {
      remove(id)
      history = history.filter(({ notice }) => notice.id !== id)
    }
  }

  function add(content: Pick<Notice, 'kind'> & About, action: Undoable | null, unseen = false): number {
    const id = lastID += 1
    entries.value = [...entries.value, { notice: { ...content, id, undoable: action !== null, unseen }, action }]
    for (const { notice } of entries.value.filter((entry) => !entry.notice.unseen).slice(0, -limit)) dismiss(notice.id)
    if (!held.value) schedule(id)
    return id
  }

  function schedule(id: number): void {
    const notice = list.value.find((one) => one.id === id)
    if (notice === undefined || (preferences.keepsNotices && !notice.unseen)) return
    timers.set(id, setTimeout(() => { dismiss(id) }, notice.undoable ? undoDuration : duration))
  }

  function remove(id: number): Entry | undefined {
    clearTimeout(timers.get(id))
    timers.delete(id)
    const entry = entries.value.find(({ notice }) => notice.id === id)
    entries.value = entries.value.filter((other) => other !== entry)
    if (entries.value.length === 0) held.value = false
    return entry
  }

  /** Closes a notice and runs its action. */
  function dismiss(id: number): void {
    const entry = remove(id)
    if (!entry?.action) return
    if (entry.action.commit === undefined) {
      history = [...history, entry].slice(-historyLimit)
      return
    }
    const work = entry.action.commit().finally(() => running.delete(work))
    running.add(work)
  }

  function undo(id: number): void {
    remove(id)?.action?.undo()
  }

  /** Undoes the last action that can be undone, though its notice may have closed. Returns the notice, or undefined without one. */
  function undoLast(): Notice | undefined {
    const shown = list.value.findLast(({ undoable }) => undoable)
    if (shown === undefined) {
      const entry = history.pop()
      entry?.action?.undo()
      return entry?.notice
    }
    undo(shown.id)
    return shown
  }

  /** Stops the clock while somebody points at the notices or has the focus in them; starts it again from zero. */
  function hold(on: boolean): void {
    if (held.value === on) return
    held.value = on
    for (const { id } of list.value) {
      clearTimeout(timers.get(id))
      if (!on) schedule(id)
    }
  }

  /** Runs every pending action and waits for it. */
  async function settle(): Promise<void> {
    for (const { id, undoable } of list.value) if (undoable) dismiss(id)
    await Promise.all(running)
  }

  /** Drops all notices, for the next user. */
  function reset(): void {
    history = []
    for (const { id } of list.value) remove(id)
  }

  return { list, say, announce, offer, dismiss, undo, undoLast, hold, settle, reset }
})
