import { createPinia, setActivePinia } from 'pinia'
import { effectScope, nextTick, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useTasksStore } from '@/tasks/tasks'
import { failure, grant, json, makeTask, recognised, stubFetch, stubTabs } from '@/testing/edge'
import { usePicturesStore } from './pictures'
import { useAwaitedPhotos } from './use-awaited-photos'

const awaited = (id: string, version = 2) => makeTask({ id, version, uploading: true })
let scope: EffectScope
let visibility: DocumentVisibilityState

beforeEach(() => {
  vi.useFakeTimers()
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  visibility = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility)
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

const start = () => scope.run(useAwaitedPhotos)
const idsOf = (calls: { url: string }[]) => calls.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('id'))

test('looks at awaited and pending photos, at growing intervals, until they are labelled', async () => {
  const tasks = useTasksStore()
  tasks.put(makeTask({ id: 'none' }))
  tasks.put(awaited('a'))
  tasks.put(makeTask({ id: 'b', upload: true, imageStatus: 'pending' }))
  let isLabelled = false
  const calls = stubFetch({
    'get-tasks': ({ url }) => {
      const id = idsOf([{ url }])[0] ?? ''
      return json(isLabelled ? recognised(makeTask({ id, version: 2 })) : tasks.byID.get(id))
    },
  })
  start()
  await vi.advanceTimersByTimeAsync(350)
  expect(idsOf(calls)).toEqual(['a', 'b'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(calls.length, 'each at 0.3, 0.8, 1.6, 2.8, 4.8, 7.8, 12.8, 20.8, 35.8, 50.8 s').toBe(20)
  isLabelled = true
  await vi.advanceTimersByTimeAsync(15_000)
  expect(tasks.byID.get('a')?.labels[0]).toBe('pier')
  expect(calls.length).toBe(22)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(calls.length).toBe(22)
})

test('does not look while the page is hidden, and looks at once when it shows', async () => {
  useTasksStore().put(awaited('a'))
  const calls = stubFetch({ 'get-tasks': () => json(awaited('a')) })
  visibility = 'hidden'
  start()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(calls).toEqual([])
  visibility = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.advanceTimersByTimeAsync(1)
  expect(calls).toHaveLength(1)
})

test('does not look at what another tab has just looked at', async () => {
  const tasks = useTasksStore()
  tasks.put(awaited('a'))
  const calls = stubFetch({ 'get-tasks': () => json(awaited('a')) })
  start()
  for (let second = 0; second < 20; second += 1) {
    await vi.advanceTimersByTimeAsync(250)
    tasks.put(awaited('a'))
    await nextTick()
  }
  expect(calls).toEqual([])
})

test('does not look at a photo that is being sent from here', async () => {
  useTasksStore().put(awaited('a'))
  const calls = stubFetch({ 'get-tasks': () => json(recognised(awaited('a'))) })
  const { uploads } = usePicturesStore()
  const upload = { file: new File(['1'], 'a.jpg'), phase: 'uploading', sent: 0.5, stored: false } as const
  uploads.set('a', upload)
  start()
  await vi.advanceTimersByTimeAsync(5000)
  expect(calls).toEqual([])
  uploads.set('a', { ...upload, phase: 'recognising' })
  await vi.advanceTimersByTimeAsync(400)
  expect(calls).toHaveLength(1)
})

test('goes on after failures, and drops a task that is gone', async () => {
  const tasks = useTasksStore()
  tasks.put(awaited('a'))
  let answer = () => failure(503, 'unavailable', 'Later.')
  const calls = stubFetch({ 'get-tasks': () => answer() })
  start()
  await vi.advanceTimersByTimeAsync(2000)
  expect(calls).toHaveLength(3)
  answer = () => failure(404, 'task_not_found', 'Gone.')
  await vi.advanceTimersByTimeAsync(20_000)
  expect(tasks.byID.has('a')).toBe(false)
  expect(calls).toHaveLength(4)
})
