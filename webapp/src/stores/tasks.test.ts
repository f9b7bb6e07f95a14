import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test } from 'vitest'
import { failure, grant, json, makeTask, stubFetch } from '@/testing/edge'
import { useTasksStore } from './tasks'

const draft = { title: 'Paint the jetty', body: '', dueDate: '2026-11-23' }

beforeEach(() => {
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
})

describe('tasks', () => {
  test('are loaded page by page', async () => {
    const tasks = useTasksStore()
    const calls = stubFetch({
      'get-tasks': ({ url }) => url.includes('cursor')
        ? json([makeTask({ id: 'b' })])
        : json([makeTask({ id: 'a' })], 200, { Link: '<?cursor=x&limit=100>; rel="next"' }),
    })
    await tasks.load()
    expect(tasks.state).toBe('ready')
    expect(tasks.hasMore).toBe(true)
    await tasks.loadMore()
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(tasks.hasMore).toBe(false)
    await tasks.loadMore()
    expect(calls.map(({ url, token }) => `${url} ${token ?? ''}`)).toEqual([
      '/function/get-tasks?limit=100 token-1', '/function/get-tasks?cursor=x&limit=100 token-1',
    ])
  })

  test('that can’t be loaded say why, and can be asked for again', async () => {
    const tasks = useTasksStore()
    stubFetch({ 'get-tasks': () => failure(503, 'unavailable', 'The database can’t be reached.') })
    await tasks.load()
    expect(tasks.state).toBe('failed')
    expect(tasks.problem?.message).toBe('The database can’t be reached.')
    stubFetch({ 'get-tasks': () => json([]) })
    await tasks.load()
    expect(tasks.state).toBe('ready')
    expect(tasks.problem).toBeNull()
  })

  test('keep what is there when older ones can’t be loaded', async () => {
    const tasks = useTasksStore()
    stubFetch({ 'get-tasks': () => json([makeTask()], 200, { Link: '<?cursor=x>; rel="next"' }) })
    await tasks.load()
    stubFetch({ 'get-tasks': () => new TypeError('no network') })
    await tasks.loadMore()
    expect(tasks.list).toHaveLength(1)
    expect(tasks.problem?.code).toBe('network')
    expect(tasks.hasMore).toBe(true)
    expect(tasks.loadingMore).toBe(false)
  })

  test('are added when the server has them, not before', async () => {
    const tasks = useTasksStore()
    stubFetch({ 'create-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { title: 'is required' }) })
    await expect(tasks.create(draft)).rejects.toMatchObject({ fields: { title: 'is required' } })
    expect(tasks.list).toEqual([])
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    await tasks.create(draft)
    expect(calls[0]?.json).toEqual(draft)
    expect(tasks.list).toEqual([makeTask()])
  })

  test.each([
    ['deleted', () => json({ deleted: 'a' }), 0],
    ['gone already', () => failure(404, 'not_found', 'There is no such task.'), 0],
    ['kept when the server can’t', () => failure(503, 'unavailable', 'Later.'), 1],
  ])('are deleted: %s', async (_name, answer, left) => {
    const tasks = useTasksStore()
    tasks.put(makeTask({ id: 'a' }))
    stubFetch({ 'delete-task': answer })
    await Promise.allSettled([tasks.remove('a')])
    expect(tasks.list).toHaveLength(left)
  })

  test('are not overwritten by older news', () => {
    const tasks = useTasksStore()
    tasks.put(makeTask({ version: 3, title: 'new' }))
    tasks.put(makeTask({ version: 2, title: 'old' }))
    expect(tasks.list[0]?.title).toBe('new')
  })

  test('that have gone leave the list when asked for', async () => {
    const tasks = useTasksStore()
    tasks.put(makeTask({ id: 'a' }))
    stubFetch({ 'get-tasks': () => failure(404, 'not_found', 'There is no such task.') })
    await expect(tasks.refresh('a')).rejects.toMatchObject({ status: 404 })
    expect(tasks.list).toEqual([])
  })
})
