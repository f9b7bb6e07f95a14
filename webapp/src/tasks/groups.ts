import type { Task } from '@/api/types'
import { addDays } from './dates'
import type { Filter } from './filter'

export type GroupName = 'earlier' | 'overdue' | 'today' | 'week' | 'later' | 'newest'

/** Consecutive tasks under one heading, rendered as a unit. */
export interface TaskChunk {
  /** The id of its first task. */
  key: string
  tasks: readonly Task[]
}

export interface TaskGroup {
  name: GroupName
  chunks: TaskChunk[]
}

/** Groups sorted tasks under headings. Past tasks count as overdue only if the list has no completed ones. */
export function groupTasks(tasks: readonly Task[], filter: Filter, today: string): TaskGroup[] {
  const weekEnd = addDays(today, 6)
  const nameOf = ({ dueDate }: Task): GroupName => {
    if (filter.sort === 'created') return 'newest'
    if (dueDate < today) return filter.status === 'open' ? 'overdue' : 'earlier'
    if (dueDate === today) return 'today'
    return dueDate <= weekEnd ? 'week' : 'later'
  }
  const groups: TaskGroup[] = []
  let chunk: Task[] = []
  for (const task of tasks) {
    const name = nameOf(task)
    const sameGroup = groups.at(-1)?.name === name
    if (!sameGroup) groups.push({ name, chunks: [] })
    if (!sameGroup || startsChunk(task)) groups.at(-1)?.chunks.push({ key: task.id, tasks: chunk = [] })
    chunk.push(task)
  }
  return groups
}

/**
 * Reports whether a task starts a chunk: one in 43 does, by the random end of its id. With chunks of a fixed size, each
 * addition would move a task from every chunk to the next.
 */
function startsChunk({ id }: Task): boolean {
  return parseInt(id.slice(-2), 16) < 6
}

/** Returns the new groups with the old chunk objects wherever the tasks are the same, so that Vue does not render those again. */
export function keepChunks(now: TaskGroup[], before: readonly TaskGroup[]): TaskGroup[] {
  const old = new Map(before.flatMap(({ chunks }) => chunks).map((chunk) => [chunk.key, chunk]))
  const isSame = (a: readonly Task[], b: readonly Task[]) => a.length === b.length && a.every((task, index) => task === b[index])
  return now.map(({ name, chunks }) => ({
    name,
    chunks: chunks.map((chunk) => {
      const previous = old.get(chunk.key)
      return previous !== undefined && isSame(previous.tasks, chunk.tasks) ? previous : chunk
    }),
  }))
}
