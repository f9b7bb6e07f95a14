import type { Task } from '@/api/types'

interface ExportKind {
  name: string
  type: string
  /** Whether the file holds this task. */
  includes: (task: Task) => boolean
  write: (tasks: readonly Task[], now: Date) => string
}

/** The file formats for export. */
export const exportKinds = {
  json: { name: 'snaptask.json', type: 'application/json', includes: () => true, write: (tasks) => JSON.stringify(tasks, null, 2) + '\n' },
  csv: { name: 'snaptask.csv', type: 'text/csv;charset=utf-8', includes: () => true, write: (tasks) => toCSV(tasks) },
  ics: { name: 'snaptask.ics', type: 'text/calendar', includes: ({ completed }) => !completed, write: toCalendar },
} satisfies Record<string, ExportKind>

export type ExportName = keyof typeof exportKinds

const columns = ['id', 'title', 'body', 'dueDate', 'completed', 'createdAt', 'updatedAt', 'upload', 'labels'] as const

/**
 * Writes separated values (RFC 4180) for spreadsheets: every cell quoted, with a byte order mark so that they recognise UTF-8.
 * Without a locale, the separator is the one of the browser's. A line sep= would name it too, but Excel then ignores the mark, and
 * other programs take the line for data.
 */
export function toCSV(tasks: readonly Task[], locale?: string): string {
  const rows = tasks.map((task) => columns.map((name) => {
    const value = task[name]
    return Array.isArray(value) ? value.join('; ') : String(value)
  }))
  const separator = separatorOf(locale)
  return '\uFEFF' + [columns, ...rows].map((row) => row.map(cell).join(separator) + '\r\n').join('')
}

/** Returns what spreadsheets of a locale split cells at: a semicolon where the comma is in numbers. */
function separatorOf(locale?: string): ',' | ';' {
  const decimal = new Intl.NumberFormat(locale).formatToParts(0.5).find(({ type }) => type === 'decimal')?.value
  return decimal === ',' ? ';' : ','
}

/**
 * What a spreadsheet may run as a formula, at the start of a cell or of a line in it, by OWASP's list
 * (https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe before it counts, so that adding one can be reverted.
 */
const formula = /^(?='*[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])(?='*[=+\-@\t＝＋－＠])/g

function cell(value: string): string {
  return `"${value.replace(formula, "'").replaceAll('"', '""')}"`
}

/** Writes the due dates of tasks as all-day events of a calendar (RFC 5545). */
export function toCalendar(tasks: readonly Task[], now: Date): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const day = (date: string) => date.replaceAll('-', '')
  const events = tasks.flatMap((task) => [
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
