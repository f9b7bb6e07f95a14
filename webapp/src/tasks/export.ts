import type { Task } from '@/api/types'

/** The kinds of file that tasks can be saved as: name, media type, and how they are written. */
export const exportKinds = {
  json: { name: 'snaptask.json', type: 'application/json', write: (tasks: readonly Task[]) => JSON.stringify(tasks, null, 2) + '\n' },
  csv: { name: 'snaptask.csv', type: 'text/csv', write: toCSV },
  ics: { name: 'snaptask.ics', type: 'text/calendar', write: toCalendar },
} satisfies Record<string, { name: string; type: string; write: (tasks: readonly Task[], now: Date) => string }>

export type ExportKind = keyof typeof exportKinds

const columns = ['id', 'title', 'body', 'dueDate', 'completed', 'createdAt', 'updatedAt', 'upload', 'labels'] as const

/**
 * Tasks as comma-separated values (RFC 4180), with a byte order mark, without which spreadsheets take UTF-8 for something
 * else. Text that a spreadsheet would run as a formula gets an apostrophe before it.
 */
export function toCSV(tasks: readonly Task[]): string {
  const rows = tasks.map((task) => columns.map((name) => {
    const value = task[name]
    return cell(Array.isArray(value) ? value.join('; ') : String(value))
  }))
  return '\uFEFF' + [columns, ...rows].map((row) => row.join(',') + '\r\n').join('')
}

function cell(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/**
 * The due dates of tasks still to be done as a calendar (RFC 5545), made at `now`. An event that starts on a date and has no
 * end takes that day.
 */
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

/** Words as a calendar's text (RFC 5545, 3.3.11), which has no control characters but tabs. */
function escaped(words: string): string {
  return words.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n').replace(/(?!\t)\p{Cc}/gu, '')
}

/** A line in pieces of at most 75 bytes, none of which cuts a character in two (RFC 5545, 3.1). */
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
