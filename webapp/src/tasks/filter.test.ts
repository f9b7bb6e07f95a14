import { describe, expect, test } from 'vitest'
import { makeTask, recognised } from '@/testing/edge'
import { compare, defaultFilter, filterOf, isNarrow, matches, pageQueryOf, queryOf, type Filter } from './filter'

const today = '2026-11-23'
const wanted: Filter = { status: 'done', due: 'week', label: 'pier', q: 'two coats', sort: 'created' }

describe('a filter', () => {
  test('is in the page’s address, without defaults', () => {
    expect(pageQueryOf(defaultFilter)).toEqual({})
    expect(filterOf(pageQueryOf(wanted))).toEqual(wanted)
    expect(filterOf({ status: 'other', due: ['today'], q: null, sort: '' })).toEqual(defaultFilter)
  })

  test('becomes parameters of get-tasks', () => {
    expect(queryOf(defaultFilter, today)).toEqual({ status: 'open', sort: 'due' })
    expect(queryOf(wanted, today)).toEqual({ status: 'done', due: 'week', today, label: 'pier', q: 'two coats', sort: 'created' })
    expect(queryOf({ ...defaultFilter, status: 'all', q: '  ' }, today)).toEqual({ sort: 'due' })
  })

  test('is narrow with anything but status and order', () => {
    expect(isNarrow({ ...defaultFilter, status: 'all', sort: 'created', q: ' ' })).toBe(false)
    for (const one of [{ q: 'a' }, { label: 'a' }, { due: 'today' } as const]) expect(isNarrow({ ...defaultFilter, ...one })).toBe(true)
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
    ['text without its accents', { q: 'uberweisung' }, makeTask({ title: 'Überweisung' }), true],
    ['text nowhere', { q: 'roof' }, makeTask(), false],
    ['a strong label', { label: 'lakeside' }, recognised(makeTask()), true],
    ['a weak label', { label: 'yawl' }, recognised(makeTask()), false],
  ])('lets through: %s', (_name, changes, task, through) => {
    expect(matches(task, { ...defaultFilter, ...changes }, today)).toBe(through)
  })

  test('sorts as the functions do', () => {
    const a = makeTask({ id: 'a', dueDate: '2026-11-24' })
    const b = makeTask({ id: 'b', dueDate: '2026-11-23' })
    expect([a, b].sort((x, y) => compare('due', x, y))).toEqual([b, a])
    expect([a, b].sort((x, y) => compare('created', x, y)), 'created in the same moment').toEqual([b, a])
    const moments = ['2026-11-20T08:00:00Z', '2026-11-20T08:00:00.000001Z', '2026-11-20T08:00:00.1Z', '2026-11-20T08:00:01Z']
    const inOrder = moments.map((createdAt, index) => makeTask({ id: `z${(9 - index).toString()}`, createdAt }))
    expect(inOrder.toReversed().sort((x, y) => compare('created', y, x)).map(({ createdAt }) => createdAt)).toEqual(moments)
    expect(compare('due', a, { ...b, dueDate: a.dueDate })).toBeLessThan(0)
  })
})
