import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, grant, json, longWait, loses, makeTask, stubFetch, stubTabs, type Answer, type Call } from '@/testing/edge'
import { useDeletionsStore } from './deletions'
import { useNoticesStore } from '@/ui/notices'
import { useTasksStore } from './tasks'

const task = makeTask()
const longEnough = 10_000

beforeEach(() => {
  vi.useFakeTimers()
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  useTasksStore().put(task)
  useTasksStore().place(task.id)
})
afterEach(() => { vi.useRealTimers() })

function remove(answer: (call: Call) => Answer) {
  const calls = stubFetch({ 'delete-task': answer })
  useDeletionsStore().remove(task)
  return calls
}

describe('deleting a task', () => {
  test('hides it at once, and deletes it on the server when the notice closes', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    expect(useTasksStore().list).toEqual([])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'deleted', title: task.title, undoable: true }])
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`DELETE /function/delete-task?id=${task.id}`])
    expect(useTasksStore().byID.size).toBe(0)
    expect(useNoticesStore().list).toEqual([])
  })

  test('can be undone without any request', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    const notices = useNoticesStore()
    notices.undo(notices.list[0]?.id ?? 0)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(useTasksStore().list).toEqual([task])
    expect(calls).toEqual([])
  })

  test('is sent at once when the page closes', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    await useNoticesStore().settle()
    expect(calls).toHaveLength(1)
  })

  test('waits while the notice is held', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    useNoticesStore().hold(true)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls).toEqual([])
    useNoticesStore().hold(false)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls).toHaveLength(1)
  })

  test('that fails brings the task back with a notice', async () => {
    remove(() => failure(503, 'unavailable', 'Later.'))
    useNoticesStore().dismiss(useNoticesStore().list[0]?.id ?? 0)
    await flushPromises()
    expect(useTasksStore().list).toEqual([task])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'notDeleted', title: task.title, problem: { message: 'Later.' } }])
  })

  test('whose session ends first says that it was not done', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    localStorage.removeItem('snaptask.session')
    window.dispatchEvent(new StorageEvent('storage', { key: 'snaptask.session' }))
    await useNoticesStore().settle()
    expect(calls).toEqual([])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'notDeleted', title: task.title, problem: { code: 'cancelled' } }])
  })

  test('of a task that is already gone succeeds', async () => {
    remove(() => failure(404, 'task_not_found', 'There is no such task.'))
    await useNoticesStore().settle()
    expect(useTasksStore().byID.size).toBe(0)
    expect(useNoticesStore().list).toEqual([])
  })

  test('that only a gateway refuses brings the task back', async () => {
    remove(() => new Response('error finding function delete-task', { status: 404 }))
    await useNoticesStore().settle()
    expect(useTasksStore().list).toEqual([task])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'notDeleted', problem: { code: 'unreadable' } }])
  })

  test('whose answer is lost is done', async () => {
    remove(loses(1, () => failure(404, 'task_not_found', 'There is no such task.')))
    await longWait(useNoticesStore().settle())
    expect(useTasksStore().byID.size).toBe(0)
    expect(useNoticesStore().list).toEqual([])
  })

  test('that is not confirmed says so, and shows once it knows', async () => {
    const calls = remove(() => new TypeError('connection lost'))
    useNoticesStore().dismiss(useNoticesStore().list[0]?.id ?? 0)
    await vi.advanceTimersByTimeAsync(4500)
    expect(calls.length).toBeGreaterThan(1)
    expect(useTasksStore().list).toEqual([task])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'maybeDeleted', title: task.title }])
    stubFetch({ 'get-tasks': () => failure(404, 'task_not_found', 'There is no such task.') })
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(useTasksStore().byID.size).toBe(0)
  })

  test('happens when other notices take its place', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    for (const title of ['one', 'two', 'three']) useNoticesStore().say('saved', { title })
    await flushPromises()
    expect(calls).toHaveLength(1)
    expect(useNoticesStore().list.map(({ title }) => title)).toEqual(['one', 'two', 'three'])
  })
})
