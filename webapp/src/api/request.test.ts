import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { describe, expect, test } from 'vitest'
import { useConfigStore } from './config'
import { appConfig, failure, json, stubFetch } from '@/testing/edge'
import { functions, nextQuery } from './functions'
import { functionURL, request } from './request'

describe('a call of a function', () => {
  test('carries method, query, token and JSON', async () => {
    const calls = stubFetch({ 'create-task': () => json({}) })
    await functions.createTask('t', { title: 'é', body: '', dueDate: '2026-01-01', id: 'a' })
    expect(calls).toEqual([
      { method: 'POST', url: '/function/create-task', token: 't', json: { title: 'é', body: '', dueDate: '2026-01-01', id: 'a' } },
    ])
    expect(await functionURL('get-tasks', { q: 'a&b=c' })).toBe('/function/get-tasks?q=a%26b%3Dc')
  })

  test.each([
    ['the function’s own message', failure(400, 'invalid_fields', 'Some fields are not valid.', { title: 'is required' }),
      { status: 400, code: 'invalid_fields', message: 'Some fields are not valid.', fields: { title: 'is required' } }],
    ['a proxy without an upstream', new Response('<h1>Bad gateway</h1>', { status: 502 }), { status: 502, code: 'unreadable' }],
    ['JSON of another kind', json({ error: 'nope' }, 418), { status: 418, code: 'unreadable' }],
    ['no network', new TypeError('fetch failed'), { status: 0, code: 'network' }],
  ])('that fails reports why: %s', async (_name, answer, problem) => {
    stubFetch({ login: () => answer })
    await expect(functions.login({ username: 'a', password: 'b' })).rejects.toMatchObject(problem)
  })

  test('goes to the configured gateway', async () => {
    const calls = stubFetch({ '/config.json': () => json({ ...appConfig, gateway: 'https://gateway.test' }), 'https://gateway.test/function/login': () => json({}) })
    setActivePinia(createPinia())
    await useConfigStore().load()
    await functions.login({ username: 'a', password: 'b' })
    expect(calls.at(-1)?.url).toBe('https://gateway.test/function/login')
    stubFetch({ '/config.json': () => new TypeError('no network') })
    await useConfigStore().load()
    expect(await functionURL('login')).toBe('/function/login')
  })

  test('waits for the configuration, which names the gateway', async () => {
    let arrive: (answer: Response) => void = () => undefined
    const calls = stubFetch({
      '/config.json': () => new Promise((resolve) => { arrive = resolve }),
      'https://gateway.test/function/login': () => json({}),
    })
    setActivePinia(createPinia())
    const config = useConfigStore()
    const loaded = config.load()
    const login = functions.login({ username: 'a', password: 'b' })
    await flushPromises()
    expect(calls.map(({ url }) => url)).toEqual(['/config.json'])
    expect(config.isLoaded).toBe(false)
    arrive(json({ ...appConfig, gateway: 'https://gateway.test' }))
    await Promise.all([loaded, login])
    expect(calls.at(-1)?.url).toBe('https://gateway.test/function/login')
    expect(config.isLoaded).toBe(true)
    stubFetch({ '/config.json': () => json(appConfig) })
    await config.load()
  })

  test('can be cancelled', async () => {
    stubFetch({ 'get-tasks': () => new Promise(() => undefined) })
    const controller = new AbortController()
    const call = request(await functionURL('get-tasks'), { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'cancelled', cancelled: true })
  })

  test('whose response breaks off is a network problem', async () => {
    const broken = new ReadableStream({ start: (stream) => { stream.error(new Error('reset')) } })
    stubFetch({ 'get-image': () => new Response(broken) })
    await expect(functions.getImage('t', '1', 'thumb')).rejects.toMatchObject({ code: 'network' })
  })
})

test.each([
  [null, null],
  ['<?cursor=b&status=open>; rel="next"', { cursor: 'b', status: 'open' }],
  ['<?cursor=a>; rel="prev"', null],
])('the next page in Link %s', (link, query) => {
  expect(nextQuery(link)).toEqual(query)
})
