import { describe, expect, test } from 'vitest'
import { makeTask } from '@/testing/edge'
import { addDays, dayOf, describeDay } from './dates'
import { everyday, type Filter } from './filter'
import { groupTasks, keepChunks } from './groups'
import { strongPredictions } from '@/pictures/labels'
import { megabytes, percent } from '@/ui/numbers'

const scores = (...all: number[]) => all.map((score, index) => ({ label: String(index), score }))

describe('strong predictions', () => {
  test.each([
    ['none', [], 0],
    ['a third of the best and more', [0.6, 0.2, 0.19], 2],
    ['never under 0.05', [0.06, 0.05, 0.049], 2],
    ['none when all are weak', [0.04, 0.03], 0],
  ])('%s', (_name, all, count) => {
    expect(strongPredictions(scores(...all))).toHaveLength(count)
  })
})

describe('days', () => {
  test('are the person’s own, not UTC’s', () => {
    expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
  })

  test('are counted over months, years and leap days', () => {
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
  ])('%s is called %s', (day, words) => {
    expect(describeDay(day, '2026-11-23', 'en-GB')).toBe(words)
  })
})

test('tasks that come by due date are put under headings', () => {
  const all = ['2026-11-22', '2026-11-23', '2026-11-23', '2026-11-24', '2026-11-29', '2026-11-30']
    .map((dueDate, index) => makeTask({ id: 'abcdef'.charAt(index), dueDate }))
  const under = (changes: Partial<Filter>) => groupTasks(all, { ...everyday, ...changes }, '2026-11-23')
    .map(({ name, chunks }) => [name, chunks.flatMap(({ tasks }) => tasks.map(({ id }) => id)).join('')])
  expect(under({})).toEqual([['overdue', 'a'], ['today', 'bc'], ['week', 'de'], ['later', 'f']])
  expect(under({ status: 'all' })[0]).toEqual(['earlier', 'a'])
  expect(under({ sort: 'created' })).toEqual([['newest', 'abcdef']])
})

test('a long list is rendered in chunks, and one that is removed changes its own chunk only', () => {
  const all = Array.from({ length: 1000 }, (_one, index) => makeTask({ id: `x${(index * 7919 % 256).toString(16).padStart(2, '0')}-${String(index)}` }))
    .map((task) => ({ ...task, id: task.id.split('-').reverse().join('-') }))
  const before = groupTasks(all, everyday, '2026-11-23')
  const chunks = before[0]?.chunks ?? []
  expect(chunks.length).toBeGreaterThan(10)
  expect(chunks.flatMap(({ tasks }) => tasks)).toEqual(all)
  const gone = chunks[3]?.tasks[1]
  const now = keepChunks(groupTasks(all.filter((task) => task !== gone), everyday, '2026-11-23'), before)
  expect(now[0]?.chunks.filter((chunk) => !chunks.includes(chunk)).map(({ key }) => key)).toEqual([chunks[3]?.key])
})

test('numbers go by the locale', () => {
  expect(percent(0.2549, 'en')).toBe('25%')
  expect(percent(0.2549, 'de')).toBe('25\u00a0%')
  expect(megabytes(16 * 2 ** 20, 'en')).toBe('16 MB')
})
