import type { Task, TaskQuery } from '@/api/types'
import { strongPredictions } from '@/pictures/labels'
import { addDays } from './dates'
import { fold } from './fold'

export const statuses = ['open', 'done', 'all'] as const
export const dues = ['any', 'overdue', 'today', 'week'] as const
export const sorts = ['due', 'created'] as const

/** Which tasks to show, and in which order. */
export interface Filter {
  status: (typeof statuses)[number]
  due: (typeof dues)[number]
  /** '' for any */
  label: string
  /** Text in title or notes; '' for any. */
  q: string
  /** By due date, or newest first. */
  sort: (typeof sorts)[number]
}

export const defaultFilter: Readonly<Filter> = { status: 'open', due: 'any', label: '', q: '', sort: 'due' }

/** Reads a filter from the page's query; invalid values count as missing. */
export function filterOf(query: Readonly<Record<string, unknown>>): Filter {
  const string = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 255) : '')
  return {
    status: statuses.find((one) => one === query.status) ?? defaultFilter.status,
    due: dues.find((one) => one === query.due) ?? defaultFilter.due,
    label: string(query.label),
    q: string(query.q),
    sort: sorts.find((one) => one === query.sort) ?? defaultFilter.sort,
  }
}

/** Returns the page's query for a filter, without defaults. */
export function pageQueryOf(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([name, value]) => value !== defaultFilter[name as keyof Filter])) as Record<string, string>
}

/** Returns the parameters of get-tasks for a filter. */
export function queryOf(filter: Filter, today: string): TaskQuery {
  const q = filter.q.trim()
  return {
    ...(filter.status === 'all' ? {} : { status: filter.status }),
    ...(filter.due === 'any' ? {} : { due: filter.due, today }),
    ...(filter.label === '' ? {} : { label: filter.label }),
    ...(q === '' ? {} : { q }),
    sort: filter.sort,
  }
}

/** Reports whether anything but status and order restricts the tasks. */
export function isNarrow(filter: Filter): boolean {
  return filter.due !== 'any' || filter.label !== '' || filter.q.trim() !== ''
}

/** Reports whether a task that was changed here passes the filter; the functions decide for all others. */
export function matches(task: Task, filter: Filter, today: string): boolean {
  if (filter.status !== 'all' && task.completed !== (filter.status === 'done')) return false
  if (filter.due === 'overdue' && (task.dueDate >= today || (task.completed && filter.status !== 'done'))) return false
  if (filter.due === 'today' && task.dueDate !== today) return false
  if (filter.due === 'week' && (task.dueDate < today || task.dueDate > addDays(today, 6))) return false
  if (filter.label !== '' && !strongPredictions(task.predictions).some(({ label }) => label === filter.label)) return false
  return fold(`${task.title}\n${task.body}`).includes(fold(filter.q).trim())
}

/** Compares two tasks for sorting, as the functions do. */
export function compare(sort: Filter['sort'], a: Task, b: Task): number {
  if (sort === 'created') return compareText(sortable(b.createdAt), sortable(a.createdAt)) || compareText(b.id, a.id)
  return compareText(a.dueDate, b.dueDate) || compareText(a.id, b.id)
}

/** Returns a moment of the functions so that later ones are greater: they leave out the fraction's zeros at the end. */
function sortable(moment: string): string {
  const [seconds = '', fraction = ''] = moment.replace('Z', '').split('.')
  return `${seconds}.${fraction.padEnd(6, '0')}`
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
