import type { Task } from '@/api/types'
import { addDays } from './dates'
import type { Filter } from './filter'

export type GroupName = 'earlier' | 'overdue' | 'today' | 'week' | 'later' | 'newest'

/** Some tasks that come one after the other under the same heading: the unit in which a long list is rendered. */
export interface TaskChunk {
  /** The first one's id. */
  key: string
  tasks: readonly Task[]
}

export interface TaskGroup {
  name: GroupName
  chunks: TaskChunk[]
}

/** Tasks that come by due date, under headings; by age there is but one. Past tasks are overdue only where all are open. */
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
    if (!sameGroup || beginsChunk(task)) groups.at(-1)?.chunks.push({ key: task.id, tasks: chunk = [] })
    chunk.push(task)
  }
  return groups
}

/**
 * Whether a task begins a chunk: about every 43rd does, by the random end of its id. Counting them out instead would move a
 * task from each chunk to the next whenever one is added or removed.
 */
function beginsChunk({ id }: Task): boolean {
  return parseInt(id.slice(-2), 16) < 6
}

/** The new groups, with the old chunks in the place of those that hold the same tasks, so that these need no rendering. */
export function keepChunks(now: TaskGroup[], before: readonly TaskGroup[]): TaskGroup[] {
  const old = new Map(before.flatMap(({ chunks }) => chunks).map((chunk) => [chunk.key, chunk]))
  const same = (a: readonly Task[], b: readonly Task[]) => a.length === b.length && a.every((task, index) => task === b[index])
  return now.map(({ name, chunks }) => ({
    name,
    chunks: chunks.map((chunk) => {
      const known = old.get(chunk.key)
      return known !== undefined && same(known.tasks, chunk.tasks) ? known : chunk
    }),
  }))
}
