import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defaultFilter } from './filter'
import { failure, grant, json, longWait, makeTask, stubFetch } from '@/testing/edge'
import { useTasksStore } from './tasks'

const draft = { id: '01900000-0000-7000-8000-000000000001', title: 'Paint the jetty', body: '', dueDate: '2026-11-23' }

beforeEach(() => {
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
})
afterEach(() => { vi.useRealTimers() })

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
      '/function/get-tasks?status=open&sort=due&limit=100 token-1', '/function/get-tasks?cursor=x&limit=100 token-1',
    ])
  })

  test('of a list that was left show at once, with all pages, when somebody returns to it', async () => {
    const tasks = useTasksStore()
    const day = (id: string, date: number, changes = {}) => makeTask({ id, dueDate: `2026-11-${String(date)}`, ...changes })
    const first = () => json([day('a', 11), day('b', 12)], 200, { Link: '<?cursor=x>; rel="next"' })
    stubFetch({ 'get-tasks': ({ url }) => url.includes('cursor') ? json([day('c', 13), day('d', 14)]) : first() })
    await tasks.load()
    await tasks.loadMore()
    stubFetch({ 'get-tasks': () => json([day('b', 12)]) })
    await tasks.load({ ...defaultFilter, q: 'jetty' })
    expect(tasks.list.map(({ id }) => id)).toEqual(['b'])
    tasks.put(day('c', 13, { version: 2, completed: true }))
    tasks.place('c')
    tasks.put(day('n', 12))
    tasks.place('n')
    const calls = stubFetch({ 'get-tasks': first })
    const returning = tasks.load(defaultFilter)
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'b', 'n', 'd'])
    expect([tasks.state, tasks.hasMore]).toEqual(['ready', false])
    await returning
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'b', 'n', 'd'])
    expect(calls.map(({ url }) => url), 'only the first page is loaded again').toEqual(['/function/get-tasks?status=open&sort=due&limit=100'])
  })

  test('that pass a new filter and are here already show before the server answers', async () => {
    const tasks = useTasksStore()
    stubFetch({ 'get-tasks': () => json([makeTask({ id: 'a', title: 'Buy paint' }), makeTask({ id: 'b' })]) })
    await tasks.load()
    let answer: (response: Response) => void = () => undefined
    stubFetch({ 'get-tasks': () => new Promise((resolve) => { answer = resolve }) })
    const loading = tasks.load({ ...defaultFilter, q: 'jetty' })
    expect(tasks.list.map(({ id }) => id)).toEqual(['b'])
    expect(tasks.state).toBe('loading')
    await flushPromises()
    answer(json([makeTask({ id: 'b' }), makeTask({ id: 'c' })]))
    await loading
    expect(tasks.list.map(({ id }) => id)).toEqual(['b', 'c'])
  })

  test('at the end of the list stay last when the pages before them are loaded', async () => {
    const tasks = useTasksStore()
    const day = (id: string, dueDate: string) => makeTask({ id, dueDate })
    stubFetch({ 'get-tasks': () => json([day('a', '2026-11-23')], 200, { Link: '<?cursor=x>; rel="next"' }) })
    await tasks.load()
    for (const task of [day('z', '2027-01-01'), day('c', '2026-11-25')]) {
      tasks.put(task)
      tasks.place(task.id)
    }
    stubFetch({ 'get-tasks': () => json([day('b', '2026-11-24'), day('c', '2026-11-25'), day('d', '2026-11-26')], 200, { Link: '<?cursor=y>; rel="next"' }) })
    await tasks.loadMore()
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'z'])
  })

  test('that have changed are updated without dropping later pages', async () => {
    const tasks = useTasksStore()
    const day = (id: string, date: number, version = 1) => makeTask({ id, dueDate: `2026-11-${String(date)}`, version })
    const first = [day('a', 11), day('b', 12)]
    stubFetch({ 'get-tasks': () => json(first, 200, { Link: '<?cursor=x>; rel="next"' }) })
    await tasks.load()
    stubFetch({ 'get-tasks': () => json([day('c', 13), day('d', 14)]) })
    await tasks.loadMore()
    stubFetch({ 'get-tasks': () => json([day('b', 12, 2), day('n', 13)], 200, { Link: '<?cursor=y>; rel="next"' }) })
    await tasks.catchUp()
    expect(tasks.list.map(({ id }) => id)).toEqual(['b', 'n', 'd'])
    expect(tasks.get('b')?.version).toBe(2)
    expect(tasks.hasMore).toBe(false)
    stubFetch({ 'get-tasks': () => failure(503, 'unavailable', 'Later.') })
    await tasks.catchUp()
    expect([tasks.state, tasks.problem, tasks.list.length]).toEqual(['ready', null, 3])
  })

  test('past the first page are updated too, and a task changed meanwhile stays as it is', async () => {
    const tasks = useTasksStore()
    const all = Array.from({ length: 150 }, (_, index) => makeTask({ id: `t${index.toString().padStart(3, '0')}`, dueDate: '2026-11-23' }))
    stubFetch({
      'get-tasks': ({ url }) => url.includes('cursor') ? json(all.slice(100), 200, { Link: '<?cursor=y&limit=100>; rel="next"' })
        : json(all.slice(0, 100), 200, { Link: '<?cursor=x&limit=100>; rel="next"' }),
    })
    await tasks.load()
    await tasks.loadMore()
    let answer: (response: Response) => void = () => undefined
    const calls = stubFetch({ 'get-tasks': () => new Promise((resolve) => { answer = resolve }) })
    const updating = tasks.catchUp()
    tasks.put({ ...makeTask(all[3]), version: 2, completed: true })
    tasks.place('t003')
    await flushPromises()
    answer(json(all.filter(({ id }) => id !== 't120').map((task) => task.id === 't130' ? { ...task, version: 2, title: 'Changed' } : task), 200, {
      Link: '<?cursor=z&limit=150>; rel="next"',
    }))
    await updating
    expect(tasks.list.map(({ id }) => id)).toEqual(all.map(({ id }) => id).filter((id) => id !== 't120' && id !== 't003'))
    expect(tasks.get('t130')?.title).toBe('Changed')
    const more = stubFetch({ 'get-tasks': () => json([]) })
    await tasks.loadMore()
    expect([...calls, ...more].map(({ url }) => url)).toEqual([
      '/function/get-tasks?status=open&sort=due&limit=150', '/function/get-tasks?cursor=z&limit=100',
    ])
  })

  test('are all loaded for an export, page by page', async () => {
    const tasks = useTasksStore()
    const calls = stubFetch({
      'get-tasks': ({ url }) => url.includes('cursor')
        ? json([makeTask({ id: 'b' })])
        : json([makeTask({ id: 'a' })], 200, { Link: '<?cursor=x&limit=1000>; rel="next"' }),
    })
    const counts: number[] = []
    expect((await tasks.fetchAll((count) => counts.push(count))).map(({ id }) => id)).toEqual(['a', 'b'])
    expect(counts).toEqual([1, 2])
    expect(calls.map(({ url }) => url)).toEqual(['/function/get-tasks?limit=1000', '/function/get-tasks?cursor=x&limit=1000'])
  })

  test('that can’t be loaded report why, and can be loaded again', async () => {
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

  test('stay when the next page can’t be loaded', async () => {
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

  test('are shown before the server has created them, and taken back if it refuses', async () => {
    const tasks = useTasksStore()
    stubFetch({ 'create-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { title: 'is required' }) })
    const refused = tasks.create(draft)
    expect(tasks.list).toMatchObject([{ ...draft, version: 0 }])
    expect(tasks.isCreating).toBe(true)
    await expect(refused).rejects.toMatchObject({ fields: { title: 'is required' } })
    expect(tasks.list).toEqual([])
    expect(tasks.isCreating).toBe(false)
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    await tasks.create(draft)
    expect(calls[0]?.json).toEqual(draft)
    expect(tasks.list).toEqual([makeTask()])
  })

  test('that are being created stay when the list is loaded again', async () => {
    const tasks = useTasksStore()
    let created: (answer: Response) => void = () => undefined
    stubFetch({ 'create-task': () => new Promise((resolve) => { created = resolve }), 'get-tasks': () => json([]) })
    const creation = tasks.create(draft)
    await tasks.load()
    await tasks.catchUp()
    expect(tasks.list).toMatchObject([draft])
    created(json(makeTask()))
    await creation
    await tasks.catchUp()
    expect(tasks.list).toEqual([])
  })

  test('are found by a filter, and a newer search replaces an older one', async () => {
    const tasks = useTasksStore()
    let slow: (answer: Response) => void = () => undefined
    const calls = stubFetch({
      'get-tasks': ({ url }) => url.includes('q=slow') ? new Promise((resolve) => { slow = resolve }) : json([makeTask({ id: 'b' })]),
    })
    const first = tasks.load({ ...defaultFilter, q: 'slow' })
    await tasks.load({ ...defaultFilter, label: 'pier', status: 'all' })
    slow(json([makeTask({ id: 'a' })]))
    await first
    expect(calls[1]?.url).toBe('/function/get-tasks?label=pier&sort=due&limit=100')
    expect(tasks.list.map(({ id }) => id)).toEqual(['b'])
    expect(tasks.state).toBe('ready')
  })

  test('are found once the search before has ended', async () => {
    vi.useFakeTimers()
    const tasks = useTasksStore()
    let running = 2
    stubFetch({
      'get-tasks': () => {
        if ((running -= 1) < 0) return json([makeTask()])
        const busy = failure(429, 'too_many_searches', 'Another search is running.')
        busy.headers.set('Retry-After', '1')
        return busy
      },
    })
    await longWait(tasks.load({ ...defaultFilter, q: 'jetty' }))
    expect(tasks.list).toHaveLength(1)
    running = 100
    await longWait(tasks.load({ ...defaultFilter, q: 'pier' }))
    expect(tasks.problem?.code).toBe('too_many_searches')
  })

  test('that are added while the list is loading stay in it', async () => {
    const tasks = useTasksStore()
    let answer: (response: Response) => void = () => undefined
    stubFetch({ 'get-tasks': () => new Promise((resolve) => { answer = resolve }), 'create-task': () => json(makeTask({ id: 'new' })) })
    const loading = tasks.load()
    await tasks.create({ ...draft, id: 'new' })
    answer(json([makeTask({ id: 'a' })]))
    await loading
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'new'])
  })

  test('move to their place in the order, or leave the list', () => {
    const tasks = useTasksStore()
    for (const [id, dueDate] of [['a', '2026-11-23'], ['c', '2026-11-25'], ['b', '2026-11-24']] as const) {
      tasks.put(makeTask({ id, dueDate }))
      tasks.place(id)
    }
    expect(tasks.list.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    tasks.put(makeTask({ id: 'a', dueDate: '2026-11-26', version: 2 }))
    tasks.place('a')
    expect(tasks.list.map(({ id }) => id)).toEqual(['b', 'c', 'a'])
    tasks.overlay('b', 'change', { completed: true })
    tasks.place('b')
    expect(tasks.list.map(({ id }) => id)).toEqual(['c', 'a'])
  })

  test('are the same in every tab of a user', async () => {
    const here = useTasksStore()
    here.state = 'ready'
    setActivePinia(createPinia())
    const there = useTasksStore()
    there.share(makeTask({ id: 'a' }))
    await vi.waitFor(() => { expect(here.list.map(({ id }) => id)).toEqual(['a']) })
    there.dropEverywhere('a')
    await vi.waitFor(() => { expect(here.list).toEqual([]) })
  })

  test('are not overwritten by older versions', () => {
    const tasks = useTasksStore()
    tasks.put(makeTask({ version: 3, title: 'new' }))
    tasks.put(makeTask({ version: 2, title: 'old' }))
    expect(tasks.get(makeTask().id)?.title).toBe('new')
  })

  test('that are gone leave the list when refreshed', async () => {
    const tasks = useTasksStore()
    tasks.put(makeTask({ id: 'a' }))
    tasks.place('a')
    stubFetch({ 'get-tasks': () => new Response('error finding function get-tasks', { status: 404 }) })
    await expect(tasks.refresh('a')).rejects.toMatchObject({ status: 404 })
    expect(tasks.list, 'only the gateway answered').toHaveLength(1)
    stubFetch({ 'get-tasks': () => failure(404, 'task_not_found', 'There is no such task.') })
    await expect(tasks.refresh('a')).rejects.toMatchObject({ status: 404 })
    expect(tasks.list).toEqual([])
  })

  test('whose creation was not confirmed are created once, as the form has them in the end', async () => {
    vi.useFakeTimers()
    const tasks = useTasksStore()
    stubFetch({ 'create-task': () => new TypeError('connection lost') })
    await expect(longWait(tasks.create(draft))).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(tasks.list).toEqual([])
    const first = makeTask({ ...draft })
    const calls = stubFetch({
      'create-task': () => json(first),
      'update-task': ({ json: change }) => json({ ...first, ...(change as object), version: 2 }),
    })
    await tasks.create({ ...draft, title: 'Edited since' })
    expect(calls.map(({ url, json: body }) => [url, body])).toEqual([
      ['/function/create-task', { ...draft, title: 'Edited since' }],
      [`/function/update-task?id=${draft.id}`, { title: 'Edited since', body: draft.body, dueDate: draft.dueDate, version: 1 }],
    ])
    expect(tasks.list).toMatchObject([{ title: 'Edited since', version: 2 }])
  })

  test('whose last write was not confirmed are asked for until the server answers', async () => {
    vi.useFakeTimers()
    const tasks = useTasksStore()
    for (const id of ['a', 'b']) {
      tasks.put(makeTask({ id }))
      tasks.place(id)
      tasks.lookAgain(id)
    }
    const calls = stubFetch({ 'get-tasks': () => new TypeError('no network') })
    await vi.advanceTimersByTimeAsync(12_000)
    expect(tasks.list).toHaveLength(2)
    stubFetch({
      'get-tasks': ({ url }) => url.includes('id=a') ? json(makeTask({ id: 'a', title: 'Saved', version: 2 })) : failure(404, 'task_not_found', 'Gone.'),
    })
    await vi.advanceTimersByTimeAsync(6000)
    expect(tasks.list).toMatchObject([{ id: 'a', title: 'Saved' }])
    const later = calls.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(calls).toHaveLength(later)
  })
})
