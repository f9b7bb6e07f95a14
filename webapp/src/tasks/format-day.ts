import { text } from '@/ui/text'
import { addDays, dateOf } from './dates'

/** Formats a day, the nearest ones by name. Without a locale, this and formatLongDay use the browser's. */
export function formatDay(day: string, today: string, locale?: string): string {
  if (day === today) return text.task.today
  if (day === addDays(today, 1)) return text.task.tomorrow
  if (day === addDays(today, -1)) return text.task.yesterday
  const sameYear = day.slice(0, 4) === today.slice(0, 4)
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short', day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }),
  }).format(dateOf(day))
}

export function formatLongDay(day: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(dateOf(day))
}
