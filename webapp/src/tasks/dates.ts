import { text } from '@/ui/text'

/** A calendar day as YYYY-MM-DD, in the person's own time zone. */
export function dayOf(moment: Date): string {
  const month = String(moment.getMonth() + 1).padStart(2, '0')
  const day = String(moment.getDate()).padStart(2, '0')
  return `${String(moment.getFullYear()).padStart(4, '0')}-${month}-${day}`
}

function dateOf(day: string): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date)
}

/** The day that comes some days after another. */
export function addDays(day: string, count: number): string {
  const date = dateOf(day)
  date.setDate(date.getDate() + count)
  return dayOf(date)
}

/** A day in the words of the person's locale; the nearest ones by name. */
export function describeDay(day: string, today: string, locale?: string): string {
  if (day === today) return text.task.today
  if (day === addDays(today, 1)) return text.task.tomorrow
  if (day === addDays(today, -1)) return text.task.yesterday
  const sameYear = day.slice(0, 4) === today.slice(0, 4)
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short', day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }),
  }).format(dateOf(day))
}

/** A day in full in the words of the person's locale. */
export function describeLong(day: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(dateOf(day))
}
