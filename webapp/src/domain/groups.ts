import type { Task } from '@/api/types'
import { addDays } from './dates'

export type GroupName = 'overdue' | 'today' | 'week' | 'later' | 'completed'

export interface TaskGroup {
  name: GroupName
  tasks: Task[]
}

const order: GroupName[] = ['overdue', 'today', 'week', 'later', 'completed']

function groupOf(task: Task, today: string): GroupName {
  if (task.completed) return 'completed'
  if (task.dueDate < today) return 'overdue'
  if (task.dueDate === today) return 'today'
  return task.dueDate <= addDays(today, 7) ? 'week' : 'later'
}

/** Tasks by when they are due, soonest first, and the newest first within a day. Groups without tasks are left out. */
export function groupByDue(tasks: readonly Task[], today: string): TaskGroup[] {
  const groups = new Map<GroupName, Task[]>(order.map((name) => [name, []]))
  for (const task of tasks) groups.get(groupOf(task, today))?.push(task)
  return order.flatMap((name) => {
    const members = groups.get(name) ?? []
    members.sort((a, b) => a.dueDate.localeCompare(b.dueDate) || b.id.localeCompare(a.id))
    return members.length === 0 ? [] : [{ name, tasks: members }]
  })
}
