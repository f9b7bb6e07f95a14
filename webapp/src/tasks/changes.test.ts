import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, grant, json, longWait, loses, makeTask, stubFetch, stubTabs, type Call } from '@/testing/edge'
import { conflicts, useChangesStore } from './changes'
import { useTasksStore } from './tasks'

const task = makeTask()
const stale = () => failure(409, 'stale_version', 'The task was changed since you saw it.')
const versionIn = (call: Call) => (call.json as { version: number }).version

beforeEach(() => {
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  useTasksStore().put(task)
  useTasksStore().place(task.id)
})

describe('a change', () => {
  test('is shown at once and confirmed later', async () => {
    const calls = stubFetch({ 'update-task': () => json({ ...task, title: 'New', version: 2 }) })
    const done = useChangesStore().change(task, { title: 'New' })
    expect(useTasksStore().list[0]?.title).toBe('New')
    await done
    expect(useTasksStore().byID.get(task.id)).toMatchObject({ title: 'New', version: 2 })
    expect(calls[0]).toMatchObject({ method: 'PATCH', url: `/function/update-task?id=${task.id}`, json: { title: 'New', version: 1 } })
  })

  test('that fails is reverted', async () => {
    stubFetch({ 'update-task': () => failure(503, 'unavailable', 'Later.') })
    const done = useChangesStore().change(task, { completed: true })
    expect(useTasksStore().list).toEqual([])
    await expect(done).rejects.toThrow('Later.')
    expect(useTasksStore().list).toEqual([task])
  })

  test('waits for the one before it, and builds on it', async () => {
    const calls = stubFetch({
      'update-task': (call) => json({ ...task, ...(call.json as object), version: versionIn(call) + 1 }),
    })
    const changes = useChangesStore()
    await Promise.all([changes.change(task, { title: 'One' }), changes.change(task, { body: 'Two' })])
    expect(calls.map(versionIn)).toEqual([1, 2])
  })

  test('of fields nobody else has changed is made on top of the newer version', async () => {
    const newer = { ...task, body: 'theirs', version: 5 }
    const calls = stubFetch({
      'update-task': (call) => (versionIn(call) === 5 ? json({ ...newer, title: 'New', version: 6 }) : stale()),
      'get-tasks': () => json(newer),
    })
    await useChangesStore().change(task, { title: 'New' })
    expect(useTasksStore().get(task.id)).toMatchObject({ title: 'New', body: 'theirs', version: 6 })
    expect(calls.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PATCH'])
  })

  test('of a field somebody else has changed is returned as a conflict', async () => {
    const theirs = { ...task, title: 'Their title', version: 2 }
    stubFetch({
      'update-task': (call) => (versionIn(call) === 2 ? json({ ...theirs, title: 'My title', version: 3 }) : stale()),
      'get-tasks': () => json(theirs),
    })
    const changes = useChangesStore()
    const conflict = await changes.change(task, { title: 'My title' })
    expect(conflict).toEqual({ mine: { title: 'My title' }, theirs })
    expect(useTasksStore().list[0]?.title).toBe('Their title')
    expect(await changes.change(theirs, { title: 'My title' })).toBeNull()
    expect(useTasksStore().get(task.id)).toMatchObject({ title: 'My title', version: 3 })
  })

  test('gives up when the server always has a newer version', async () => {
    let version = 1
    stubFetch({ 'update-task': stale, 'get-tasks': () => json({ ...task, version: version += 1 }) })
    await expect(useChangesStore().change(task, { title: 'New' })).rejects.toMatchObject({ status: 409 })
    expect(version).toBeLessThan(10)
  })

  test('of a task that is gone takes it off the list', async () => {
    stubFetch({ 'update-task': () => failure(404, 'task_not_found', 'There is no such task.') })
    await expect(useChangesStore().change(task, { title: 'New' })).rejects.toMatchObject({ status: 404 })
    expect(useTasksStore().list).toEqual([])
  })

  test('that only a gateway refuses keeps the task', async () => {
    stubFetch({ 'update-task': () => new Response('error finding function update-task', { status: 404 }) })
    await expect(useChangesStore().change(task, { title: 'New' })).rejects.toMatchObject({ status: 404 })
    expect(useTasksStore().list).toEqual([task])
    stubFetch({ 'update-task': () => new Response('conflict', { status: 409 }) })
    await expect(useChangesStore().change(task, { title: 'New' })).rejects.toMatchObject({ status: 409 })
    expect(useTasksStore().list).toEqual([task])
  })

  test('whose answer is lost is made once', async () => {
    vi.useFakeTimers()
    const saved = { ...task, title: 'New', version: 2 }
    const calls = stubFetch({
      'update-task': loses(1, (call) => (versionIn(call) === 2 ? json({ ...saved, version: 3 }) : stale())),
      'get-tasks': () => json(saved),
    })
    expect(await longWait(useChangesStore().change(task, { title: 'New' }))).toBeNull()
    expect(calls.slice(0, 2).map(versionIn)).toEqual([1, 1])
    expect(useTasksStore().get(task.id)?.title).toBe('New')
    vi.useRealTimers()
  })
})

test.each([
  [{ title: 'b' }, { title: 'c' }, true],
  [{ title: 'b' }, { title: 'b' }, false],
  [{ title: 'b' }, { body: 'c' }, false],
  [{ completed: true }, { completed: true, title: 'c' }, false],
  [{ dueDate: '2026-12-01' }, { dueDate: '2026-12-02' }, true],
])('a change of %o conflicts with %o: %s', (mine, theirs, expected) => {
  expect(conflicts(task, mine, { ...task, ...theirs })).toBe(expected)
})
