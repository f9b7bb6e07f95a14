import { expect, test } from 'vitest'
import { makeTask } from '@/testing/edge'
import { defaultFilter, type Filter } from './filter'
import { groupTasks, keepChunks } from './groups'

test('tasks sorted by due date are grouped under headings', () => {
  const all = ['2026-11-22', '2026-11-23', '2026-11-23', '2026-11-24', '2026-11-29', '2026-11-30']
    .map((dueDate, index) => makeTask({ id: 'abcdef'.charAt(index), dueDate }))
  const groups = (changes: Partial<Filter>) => groupTasks(all, { ...defaultFilter, ...changes }, '2026-11-23')
    .map(({ name, chunks }) => [name, chunks.flatMap(({ tasks }) => tasks.map(({ id }) => id)).join('')])
  expect(groups({})).toEqual([['overdue', 'a'], ['today', 'bc'], ['week', 'de'], ['later', 'f']])
  expect(groups({ status: 'all' })[0]).toEqual(['earlier', 'a'])
  expect(groups({ sort: 'created' })).toEqual([['newest', 'abcdef']])
})

test('removing a task from a long list changes only its own chunk', () => {
  const all = Array.from({ length: 1000 }, (_one, index) => makeTask({ id: `${String(index)}-x${(index * 7919 % 256).toString(16).padStart(2, '0')}` }))
  const before = groupTasks(all, defaultFilter, '2026-11-23')
  const chunks = before[0]?.chunks ?? []
  expect(chunks.length).toBeGreaterThan(10)
  expect(chunks.flatMap(({ tasks }) => tasks)).toEqual(all)
  const gone = chunks[3]?.tasks[1]
  const now = keepChunks(groupTasks(all.filter((task) => task !== gone), defaultFilter, '2026-11-23'), before)
  expect(now[0]?.chunks.filter((chunk) => !chunks.includes(chunk)).map(({ key }) => key)).toEqual([chunks[3]?.key])
})
