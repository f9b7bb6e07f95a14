import type { Task } from '@/api/types'

/** The file formats for export. */
export const exportKinds = {
  json: { name: 'snaptask.json', type: 'application/json', write: (tasks: readonly Task[]) => JSON.stringify(tasks, null, 2) + '\n' },
  csv: { name: 'snaptask.csv', type: 'text/csv', write: toCSV },
  ics: { name: 'snaptask.ics', type: 'text/calendar', write: toCalendar },
} satisfies Record<string, { name: string; type: string; write: (tasks: readonly Task[], now: Date) => string }>

export type ExportKind = keyof typeof exportKinds

const columns = ['id', 'title', 'body', 'dueDate', 'completed', 'createdAt', 'updatedAt', 'upload', 'labels'] as const

/**
 * Writes comma-separated values (RFC 4180), with a byte order mark so that spreadsheets recognise UTF-8, and an apostrophe
 * before text that they would run as a formula.
 */
export function toCSV(tasks: readonly Task[]): string {
  const rows = tasks.map((task) => columns.map((name) => {
    const value = task[name]
    return cell(Array.isArray(value) ? value.join('; ') : String(value))
  }))
  return '\uFEFF' + [columns, ...rows].map((row) => row.join(',') + '\r\n').join('')
}

function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Writes the due dates of open tasks as all-day events of a calendar (RFC 5545). */
export function toCalendar(tasks: readonly Task[], now: Date): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const day = (date: string) => date.replaceAll('-', '')
  const events = tasks.filter(({ completed }) => !completed).flatMap((task) => [
    'BEGIN:VEVENT',
    `UID:${task.id}@snaptask`,
    `DTSTAMP:${stamp}`,
    `DTSTART;VALUE=DATE:${day(task.dueDate)}`,
    `SUMMARY:${escaped(task.title)}`,
    ...(task.body === '' ? [] : [`DESCRIPTION:${escaped(task.body)}`]),
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ])
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Snaptask//Snaptask//EN', ...events, 'END:VCALENDAR']
  return lines.map((line) => folded(line) + '\r\n').join('')
}

/** Escapes text for a calendar (RFC 5545, 3.3.11), where tab is the only control character. */
function escaped(value: string): string {
  return value.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n').replace(/(?!\t)\p{Cc}/gu, '')
}

/** Folds a line at 75 bytes, between characters (RFC 5545, 3.1). */
function folded(line: string): string {
  const bytesOf = (piece: string) => new TextEncoder().encode(piece).length
  const pieces = ['']
  for (const character of line) {
    const last = pieces.at(-1) ?? ''
    if (bytesOf(last + character) > 75) pieces.push(` ${character}`)
    else pieces[pieces.length - 1] = last + character
  }
  return pieces.join('\r\n')
}
