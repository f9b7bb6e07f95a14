import type { FoundBy, Task } from '@/api/types'
import { addDays } from './dates'
import { strongPredictions } from '@/pictures/labels'

export const statuses = ['open', 'done', 'all'] as const
export const dues = ['any', 'overdue', 'today', 'week'] as const
export const sorts = ['due', 'created'] as const

/** Which tasks are to be seen, and in which order. */
export interface Filter {
  status: (typeof statuses)[number]
  due: (typeof dues)[number]
  /** '' for any */
  label: string
  /** Text in title or notes; '' for any. */
  q: string
  /** The earliest due first, or the newest. */
  sort: (typeof sorts)[number]
}

/** What is seen unless something else is asked for: what is still to be done, soonest first. */
export const everyday: Readonly<Filter> = { status: 'open', due: 'any', label: '', q: '', sort: 'due' }

/** A filter as the address of the page has it; whatever is strange there counts as not given. */
export function filterOf(query: Readonly<Record<string, unknown>>): Filter {
  const words = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 255) : '')
  return {
    status: oneOf(statuses, query.status, everyday.status),
    due: oneOf(dues, query.due, everyday.due),
    label: words(query.label),
    q: words(query.q),
    sort: oneOf(sorts, query.sort, everyday.sort),
  }
}

function oneOf<T extends string>(all: readonly T[], value: unknown, otherwise: T): T {
  return all.find((one) => one === value) ?? otherwise
}

/** The part of the page's address that says which filter it is: only what is not everyday. */
export function addressOf(filter: Filter): Record<string, string> {
  const entries = Object.entries(filter).filter(([name, value]) => value !== everyday[name as keyof Filter])
  return Object.fromEntries(entries) as Record<string, string>
}

/** What get-tasks is asked with, on a day. */
export function parametersOf(filter: Filter, today: string): FoundBy {
  return {
    ...(filter.status === 'all' ? {} : { status: filter.status }),
    ...(filter.due === 'any' ? {} : { due: filter.due, today }),
    ...(filter.label === '' ? {} : { label: filter.label }),
    ...(filter.q.trim() === '' ? {} : { q: filter.q.trim() }),
    sort: filter.sort,
  }
}

/** Whether something besides status and order decides what is seen. */
export function narrows(filter: Filter): boolean {
  return filter.due !== 'any' || filter.label !== '' || filter.q.trim() !== ''
}

/** Whether a task is to be seen; for tasks that changed here, since for all others the functions have said so. */
export function matches(task: Task, filter: Filter, today: string): boolean {
  if (filter.status !== 'all' && task.completed !== (filter.status === 'done')) return false
  if (filter.due === 'overdue' && (task.dueDate >= today || (task.completed && filter.status !== 'done'))) return false
  if (filter.due === 'today' && task.dueDate !== today) return false
  if (filter.due === 'week' && (task.dueDate < today || task.dueDate > addDays(today, 6))) return false
  if (filter.label !== '' && !strongPredictions(task.predictions).some(({ label }) => label === filter.label)) return false
  const sought = filter.q.trim().toLocaleLowerCase()
  return `${task.title}\n${task.body}`.toLocaleLowerCase().includes(sought)
}

/** Compares two tasks by a filter's order: negative when the first comes first. */
export function inOrder(sort: Filter['sort'], a: Task, b: Task): number {
  if (sort === 'created') return compare(b.id, a.id)
  return compare(a.dueDate, b.dueDate) || compare(a.id, b.id)
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
