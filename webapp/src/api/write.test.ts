import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, json, longWait, loses, makeTask, stubFetch, type Answer } from '@/testing/edge'
import { functions } from './functions'
import { Problem } from './problem'

const task = makeTask()
const create = () => functions.createTask('t', { id: task.id, title: task.title, body: '', dueDate: task.dueDate })
const unavailable = () => failure(503, 'unavailable', 'Later.')

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a write', () => {
  test.each<[string, () => Answer]>([
    ['whose connection is lost', () => new TypeError('connection lost')],
    ['whose answer breaks off', () => new Response('{"id": "01', { headers: { 'Content-Type': 'application/json' } })],
    ['that may have been done', () => failure(503, 'outcome_unknown', 'Look.')],
    ['that took too long', () => failure(503, 'timed_out', 'It took too long.')],
    ['that a gateway gave up', () => new Response('Bad gateway', { status: 502 })],
  ])('%s is repeated, unchanged', async (_name, lost) => {
    let isFirst = true
    const calls = stubFetch({
      'create-task': () => {
        const answer = isFirst ? lost() : json(task)
        isFirst = false
        return answer
      },
    })
    expect(await longWait(create())).toEqual(task)
    expect(calls).toHaveLength(2)
    expect(calls[1]).toEqual(calls[0])
  })

  test.each([
    ['is refused', () => failure(400, 'invalid_fields', 'Some fields are not valid.')],
    ['was not done', unavailable],
    ['a gateway did not forward', () => new Response('error finding function create-task', { status: 404 })],
  ])('that %s is not repeated', async (_name, answer) => {
    const calls = stubFetch({ 'create-task': answer })
    await expect(create()).rejects.toMatchObject({ outcomeUnknown: false })
    expect(calls).toHaveLength(1)
  })

  test('whose answer is lost stays unknown while the server is away', async () => {
    const calls = stubFetch({ 'create-task': loses(1, unavailable) })
    await expect(longWait(create())).rejects.toMatchObject({ code: 'outcome_unknown', retryable: true })
    expect(calls.length).toBeGreaterThan(1)
  })

  test('whose repeat is refused reports that', async () => {
    stubFetch({ 'create-task': loses(1, () => failure(409, 'task_deleted', 'It was deleted.')) })
    await expect(longWait(create())).rejects.toMatchObject({ code: 'task_deleted' })
  })

  test('is not sent while the browser is offline', async () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    const calls = stubFetch({ 'create-task': () => new TypeError('offline') })
    await expect(create()).rejects.toMatchObject({ code: 'network', outcomeUnknown: false })
    expect(calls).toHaveLength(1)
  })
})

describe('an answer to a repeat confirms the first call', () => {
  const ended = () => failure(401, 'unauthorized', 'Please sign in.')

  test.each<[string, () => Answer, () => Promise<unknown>]>([
    ['delete-account', ended, () => functions.deleteAccount('t', 'p')],
    ['logout', ended, () => functions.logout('t')],
  ])('of %s', async (name, answer, call) => {
    stubFetch({ [name]: loses(1, answer) })
    await longWait(call())
    stubFetch({ [name]: answer })
    await expect(call(), 'but the first answer does not').rejects.toBeInstanceOf(Problem)
  })
})
