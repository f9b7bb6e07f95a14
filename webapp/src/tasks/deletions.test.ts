import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, grant, json, makeTask, stubFetch, stubTabs, type Answer } from '@/testing/edge'
import { text } from '@/ui/text'
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

function remove(answer: () => Answer) {
  const calls = stubFetch({ 'delete-task': answer })
  useDeletionsStore().remove(task)
  return calls
}

describe('deleting a task', () => {
  test('hides it at once, and asks the server when the notice closes', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    expect(useTasksStore().list).toEqual([])
    expect(useNoticesStore().list.map((notice) => notice.text)).toEqual([text.tasks.deleted(task.title)])
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`DELETE /function/delete-task?id=${task.id}`])
    expect(useTasksStore().known.size).toBe(0)
    expect(useNoticesStore().list).toEqual([])
  })

  test('can be taken back without any request', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    const notices = useNoticesStore()
    notices.undo(notices.list[0]?.id ?? 0)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(useTasksStore().list).toEqual([task])
    expect(calls).toEqual([])
  })

  test('goes out at once when the page is left', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    await useNoticesStore().settle()
    expect(calls).toHaveLength(1)
  })

  test('waits while somebody is at the notice', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    useNoticesStore().hold(true)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls).toEqual([])
    useNoticesStore().hold(false)
    await vi.advanceTimersByTimeAsync(longEnough)
    expect(calls).toHaveLength(1)
  })

  test('that fails brings the task back with a word', async () => {
    remove(() => failure(503, 'unavailable', 'Later.'))
    useNoticesStore().dismiss(useNoticesStore().list[0]?.id ?? 0)
    await flushPromises()
    expect(useTasksStore().list).toEqual([task])
    expect(useNoticesStore().list.map((notice) => notice.text)).toEqual([text.tasks.notDeleted(task.title, 'Later.')])
  })

  test('whose session ends before it says that it did not happen', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    localStorage.removeItem('snaptask.session')
    window.dispatchEvent(new StorageEvent('storage', { key: 'snaptask.session' }))
    await useNoticesStore().settle()
    expect(calls).toEqual([])
    expect(useNoticesStore().list.map((notice) => notice.text)).toEqual([text.tasks.notDeleted(task.title, text.problem.signedOut)])
  })

  test('of one that is gone already is done', async () => {
    remove(() => failure(404, 'task_not_found', 'There is no such task.'))
    await useNoticesStore().settle()
    expect(useTasksStore().known.size).toBe(0)
    expect(useNoticesStore().list).toEqual([])
  })

  test('happens when other notices need the room', async () => {
    const calls = remove(() => json({ deleted: task.id }))
    for (const words of ['one', 'two', 'three']) useNoticesStore().say(words)
    await flushPromises()
    expect(calls).toHaveLength(1)
    expect(useNoticesStore().list.map((notice) => notice.text)).toEqual(['one', 'two', 'three'])
  })
})
