import { expect, test } from 'vitest'
import { addDays, dayOf } from './dates'
import { formatDay } from './format-day'

test('days are in the local time zone', () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
})

test('days are counted across months, years and leap days', () => {
  expect(addDays('2027-12-31', 1)).toBe('2028-01-01')
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
})

test.each([
  ['2026-11-23', 'Today'],
  ['2026-11-24', 'Tomorrow'],
  ['2026-11-22', 'Yesterday'],
  ['2026-12-01', 'Tue 1 Dec'],
  ['2027-01-02', 'Sat, 2 Jan 2027'],
])('%s is shown as %s', (day, shown) => {
  expect(formatDay(day, '2026-11-23', 'en-GB')).toBe(shown)
})
