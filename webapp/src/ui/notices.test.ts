import { afterEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { button, mountApp } from '@/testing/mount'
import NoticeList from './NoticeList.vue'
import { useNoticesStore } from './notices'
import { usePreferencesStore } from './preferences'
import { problemText } from './problem-text'
import { text } from './text'

test('notices say what happened to what, and why', async () => {
  const list = await mountApp(NoticeList)
  useNoticesStore().say('notDeleted', { title: 'Paint the jetty', problem: new Problem(0, 'network') })
  useNoticesStore().announce('recognised', { title: 'Buy coffee', labels: ['espresso', 'cup'] })
  await list.vm.$nextTick()
  expect(list.findAll('p').map((one) => one.text())).toEqual([
    `“Paint the jetty” could not be deleted. ${text.problem.codes.network}`, 'The photo of “Buy coffee” looks like: espresso, cup.',
  ])
  expect(list.findAll('.visually-hidden')).toHaveLength(1)
})

test.each([
  ['the server’s message', new Problem(400, 'invalid_fields', 'Some fields are not valid.'), 'Some fields are not valid.'],
  ['a limit of the account', new Problem(403, 'quota_exceeded', 'You can have 10,000 tasks.'), text.problem.quota('You can have 10,000 tasks.')],
  ['too many photos on their way', new Problem(429, 'too_many_uploads', 'You have 100 photos on their way.'), text.problem.codes.too_many_uploads],
  ['a write without an answer', new Problem(503, 'outcome_unknown', 'Please look.'), text.problem.codes.outcome_unknown],
  ['a proxy without an upstream', new Problem(502, 'unreadable'), text.problem.unavailable],
  ['an unexpected response', new Problem(418, 'unreadable'), text.problem.unreadable(418)],
  ['no network', new Problem(0, 'network'), text.problem.codes.network],
  ['a photo over the limit', new Problem(0, 'too_large'), text.problem.tooLarge('16 MB')],
  ['an error in the app', new Problem(0, 'unknown'), text.problem.codes.defect],
])('every problem has a text: %s', async (_name, problem, expected) => {
  await mountApp(NoticeList)
  expect(problemText(problem)).toBe(expected)
})

describe('undo', () => {
  afterEach(() => { vi.useRealTimers() })

  /** Offers to undo each kind. Returns the list of what happened. */
  async function offered(...kinds: ('completed' | 'reopened' | 'deleted')[]) {
    vi.useFakeTimers()
    const list = await mountApp(NoticeList)
    const happened: string[] = []
    const notices = useNoticesStore()
    const withdraw = kinds.map((kind) => notices.offer(kind, { title: kind }, {
      undo: () => { happened.push(`undo ${kind}`) },
      ...(kind === 'deleted' ? { commit: () => Promise.resolve(void happened.push('commit')) } : {}),
    }))
    return { list, notices, happened, withdraw }
  }

  test('is possible after the notice has closed, the latest first, except of what was committed then', async () => {
    const { notices, happened } = await offered('completed', 'deleted', 'reopened')
    await vi.advanceTimersByTimeAsync(60_000)
    expect([notices.list.length, happened]).toEqual([0, ['commit']])
    expect(notices.undoLast()?.kind).toBe('reopened')
    expect(notices.undoLast()?.kind).toBe('completed')
    expect(notices.undoLast()).toBeUndefined()
    expect(happened).toEqual(['commit', 'undo reopened', 'undo completed'])
  })

  test('is not possible of what failed or was another user’s', async () => {
    const { notices, withdraw } = await offered('completed', 'reopened')
    await vi.advanceTimersByTimeAsync(60_000)
    withdraw[1]?.()
    expect(notices.undoLast()?.kind).toBe('completed')
    notices.offer('completed', {}, { undo: () => undefined })
    await vi.advanceTimersByTimeAsync(60_000)
    notices.reset()
    expect(notices.undoLast()).toBeUndefined()
  })

  test('waits for those who want to close notices themselves', async () => {
    const { list, notices, happened } = await offered()
    usePreferencesStore().keepsNotices = true
    notices.offer('deleted', { title: 'x' }, { undo: () => undefined, commit: () => Promise.resolve(void happened.push('commit')) })
    notices.announce('added', { title: 'x' })
    await vi.advanceTimersByTimeAsync(24 * 3600_000)
    expect(notices.list.map(({ kind }) => kind), 'what only screen readers get goes').toEqual(['deleted'])
    await button(list, text.notices.dismiss).trigger('click')
    expect(happened).toEqual(['commit'])
  })

  test('and closing by keyboard return the focus to where it was', async () => {
    const { list, notices } = await offered('completed')
    const before = document.body.appendChild(document.createElement('button'))
    before.focus()
    const close = button(list, text.notices.dismiss)
    await close.trigger('focusin', { relatedTarget: before })
    ;(close.element as HTMLElement).focus()
    await close.trigger('click')
    await list.vm.$nextTick()
    expect(notices.list).toEqual([])
    expect(document.activeElement).toBe(before)
  })
})
