import type { Task } from '@/api/types'
import { addDays } from './dates'
import type { Filter } from './filter'

export type GroupName = 'earlier' | 'overdue' | 'today' | 'week' | 'later' | 'newest'

export interface TaskGroup {
  name: GroupName
  tasks: Task[]
}

/** Tasks that come by due date, under headings; by age there is but one. Past tasks are overdue only where all are open. */
export function groupTasks(tasks: readonly Task[], filter: Filter, today: string): TaskGroup[] {
  const weekEnd = addDays(today, 7)
  const nameOf = ({ dueDate }: Task): GroupName => {
    if (filter.sort === 'created') return 'newest'
    if (dueDate < today) return filter.status === 'open' ? 'overdue' : 'earlier'
    if (dueDate === today) return 'today'
    return dueDate <= weekEnd ? 'week' : 'later'
  }
  const groups: TaskGroup[] = []
  for (const task of tasks) {
    const name = nameOf(task)
    const last = groups.at(-1)
    if (last?.name === name) last.tasks.push(task)
    else groups.push({ name, tasks: [task] })
  }
  return groups
}
