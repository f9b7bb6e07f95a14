import { useEventListener } from '@vueuse/core'
import { computed, watch } from 'vue'
import type { Task } from '@/api/types'
import { useTasksStore } from '@/tasks/tasks'
import { usePicturesStore } from './pictures'

/** Pauses before the looks at one task, in milliseconds; the last one repeats. */
const pauses = [300, 500, 800, 1200, 2000, 3000, 5000, 8000, 15_000]

interface Look {
  /** The task as it was last seen. Whoever has fetched it since, here or in another tab, has looked too. */
  seen: Task
  count: number
  at: number
}

/**
 * Looks at the tasks whose photo the server has not labelled yet until it has: it does so by itself and does not say when. Looks
 * one by one, so that at most one connection is busy with it, only while the page is visible, and shares what it sees with other tabs.
 */
export function useAwaitedPhotos(): void {
  const tasks = useTasksStore()
  const pictures = usePicturesStore()
  const looks = new Map<string, Look>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLooking = false

  /** The tasks to look at: not those whose photo is still being sent from here. */
  const awaited = computed(() => [...tasks.byID.values()].filter(({ id, uploading, imageStatus }) => {
    const upload = pictures.uploads.get(id)
    return upload === undefined ? uploading || imageStatus === 'pending' : uploading && upload.phase === 'recognising'
  }))

  const lookLater = (seen: Task, count: number) => {
    looks.set(seen.id, { seen, count: count + 1, at: Date.now() + (pauses[Math.min(count, pauses.length - 1)] ?? 0) })
  }

  function plan(): void {
    const ids = new Set(awaited.value.map(({ id }) => id))
    for (const id of looks.keys()) if (!ids.has(id)) looks.delete(id)
    for (const task of awaited.value) {
      const look = looks.get(task.id)
      if (look?.seen !== task) lookLater(task, look?.count ?? 0)
    }
    clearTimeout(timer)
    if (isLooking || looks.size === 0 || document.visibilityState === 'hidden') return
    const next = Math.min(...[...looks.values()].map(({ at }) => at))
    timer = setTimeout(() => { void look() }, Math.max(0, next - Date.now()))
  }

  async function look(): Promise<void> {
    isLooking = true
    for (const [id, { seen, count, at }] of [...looks]) {
      if (at > Date.now() || !looks.has(id)) continue
      await tasks.refresh(id).then(tasks.share, () => { lookLater(seen, count) })
    }
    isLooking = false
    plan()
  }

  watch(awaited, plan, { immediate: true })
  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') for (const { seen } of looks.values()) looks.set(seen.id, { seen, count: 0, at: Date.now() })
    plan()
  })
}
