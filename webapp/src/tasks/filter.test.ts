import { describe, expect, test } from 'vitest'
import { makeTask, recognised } from '@/testing/edge'
import { addressOf, everyday, filterOf, inOrder, matches, narrows, parametersOf, type Filter } from './filter'
import { newId } from './ids'

const today = '2026-11-23'
const wanted: Filter = { status: 'done', due: 'week', label: 'pier', q: 'two coats', sort: 'created' }

describe('a filter', () => {
  test('is in the page’s address, without what is everyday', () => {
    expect(addressOf(everyday)).toEqual({})
    expect(filterOf(addressOf(wanted))).toEqual(wanted)
    expect(filterOf({ status: 'other', due: ['today'], q: null, sort: '' })).toEqual(everyday)
  })

  test('asks get-tasks in its own words', () => {
    expect(parametersOf(everyday, today)).toEqual({ status: 'open', sort: 'due' })
    expect(parametersOf(wanted, today)).toEqual({ status: 'done', due: 'week', today, label: 'pier', q: 'two coats', sort: 'created' })
    expect(parametersOf({ ...everyday, status: 'all', q: '  ' }, today)).toEqual({ sort: 'due' })
  })

  test('narrows by anything but status and order', () => {
    expect(narrows({ ...everyday, status: 'all', sort: 'created', q: ' ' })).toBe(false)
    for (const one of [{ q: 'a' }, { label: 'a' }, { due: 'today' } as const]) expect(narrows({ ...everyday, ...one })).toBe(true)
  })

  test.each<[string, Partial<Filter>, ReturnType<typeof makeTask>, boolean]>([
    ['open', {}, makeTask(), true],
    ['open, but it is done', {}, makeTask({ completed: true }), false],
    ['done', { status: 'done' }, makeTask({ completed: true }), true],
    ['all', { status: 'all' }, makeTask({ completed: true }), true],
    ['overdue', { due: 'overdue' }, makeTask({ dueDate: '2026-11-22' }), true],
    ['overdue, but done', { status: 'all', due: 'overdue' }, makeTask({ dueDate: '2026-11-22', completed: true }), false],
    ['overdue, but due today', { due: 'overdue' }, makeTask(), false],
    ['today', { due: 'today' }, makeTask(), true],
    ['week, on its last day', { due: 'week' }, makeTask({ dueDate: '2026-11-29' }), true],
    ['week, a day late', { due: 'week' }, makeTask({ dueDate: '2026-11-30' }), false],
    ['text in the title', { q: 'JETTY' }, makeTask(), true],
    ['text in the notes', { q: 'coats' }, makeTask({ body: 'Two coats' }), true],
    ['text nowhere', { q: 'roof' }, makeTask(), false],
    ['a strong label', { label: 'lakeside' }, recognised(makeTask()), true],
    ['a weak label', { label: 'yawl' }, recognised(makeTask()), false],
  ])('lets through: %s', (_name, changes, task, through) => {
    expect(matches(task, { ...everyday, ...changes }, today)).toBe(through)
  })

  test('orders as the functions do', () => {
    const a = makeTask({ id: 'a', dueDate: '2026-11-24' })
    const b = makeTask({ id: 'b', dueDate: '2026-11-23' })
    expect([a, b].sort((x, y) => inOrder('due', x, y))).toEqual([b, a])
    expect([a, b].sort((x, y) => inOrder('created', x, y))).toEqual([b, a])
    expect(inOrder('due', a, { ...b, dueDate: a.dueDate })).toBeLessThan(0)
  })
})

test('ids are UUIDs of version 7 that begin with the time', () => {
  const id = newId(Date.UTC(2026, 10, 23))
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(Date.UTC(2026, 10, 23))
  expect(newId()).not.toBe(newId())
})
