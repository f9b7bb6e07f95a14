import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test } from 'vitest'
import { functions } from '@/api/functions'
import { failure, grant, json, stubFetch } from '@/testing/edge'
import { useSessionStore } from './session'

const fetchTasks = () => functions.getTasks('token-1', {})
const credentials = { username: 'demo', password: 'demo-password' }

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
})

async function signedIn() {
  const session = useSessionStore()
  stubFetch({ login: () => json(grant) })
  await session.signIn(credentials)
  return session
}

describe('a session', () => {
  test('starts with signing in, is stored, and ends with signing out', async () => {
    const session = await signedIn()
    expect(session.username).toBe('demo')
    setActivePinia(createPinia())
    expect(useSessionStore().token).toBe('token-1')
    const calls = stubFetch({ logout: () => json({}) })
    const ending = session.signOut()
    expect(session.token).toBeNull()
    expect(session.endReason).toBeNull()
    await ending
    expect(calls).toEqual([{ method: 'POST', url: '/function/logout', token: 'token-1', json: undefined }])
    setActivePinia(createPinia())
    expect(useSessionStore().token).toBeNull()
  })

  test('ends here even if the server can’t be reached', async () => {
    const session = await signedIn()
    stubFetch({ logout: () => new TypeError('no network') })
    await session.signOut()
    expect(session.token).toBeNull()
  })

  test('does not start with a wrong password', async () => {
    const session = useSessionStore()
    stubFetch({ login: () => failure(401, 'wrong', 'The username or the password is wrong.') })
    await expect(session.signIn(credentials)).rejects.toThrow('The username or the password is wrong.')
    expect(session.token).toBeNull()
    expect(session.endReason).toBeNull()
  })

  test('starts with a new account too', async () => {
    const session = useSessionStore()
    const calls = stubFetch({ register: () => json({ username: 'demo' }), login: () => json(grant) })
    await session.register(credentials)
    expect(calls.map(({ url }) => url)).toEqual(['/function/register', '/function/login'])
    expect(session.token).toBe('token-1')
  })

  test('starts with a new account whose first response was lost, but not with another user’s', async () => {
    const session = useSessionStore()
    const taken = () => failure(409, 'username_taken', 'This username is taken.')
    stubFetch({ register: taken, login: () => json(grant) })
    await expect(session.register(credentials)).rejects.toMatchObject({ status: 409, fields: { username: 'This username is taken.' } })
    stubFetch({ register: () => new TypeError('no network') })
    await expect(session.register(credentials)).rejects.toMatchObject({ code: 'network' })
    stubFetch({ register: taken, login: () => json(grant) })
    await session.register(credentials)
    expect(session.token).toBe('token-1')
  })

  test.each(['{', '7', '{"token":1}', 'null'])('is not read from %s', (kept) => {
    localStorage.setItem('snaptask.session', kept)
    expect(useSessionStore().token).toBeNull()
  })

  test('that the server rejects ends with a reason', async () => {
    const session = await signedIn()
    stubFetch({ 'get-tasks': () => failure(401, 'no_session', 'Please sign in.') })
    await expect(session.authorized(() => fetchTasks())).rejects.toMatchObject({ status: 401 })
    expect(session.token).toBeNull()
    expect(session.endReason).toBe('ended')
  })

  test('is not ended by a response to an earlier one', async () => {
    const session = await signedIn()
    const call = session.authorized(async () => {
      stubFetch({ login: () => json({ ...grant, token: 'token-2' }) })
      await session.signIn(credentials)
      stubFetch({ 'get-tasks': () => failure(401, 'no_session', 'Please sign in.') })
      return fetchTasks()
    })
    await expect(call).rejects.toMatchObject({ cancelled: true })
    expect(session.token).toBe('token-2')
  })

  test('drops responses to an earlier one', async () => {
    const session = await signedIn()
    const call = session.authorized(() => {
      stubFetch({ logout: () => json({}) })
      void session.signOut()
      return Promise.resolve('another person’s tasks')
    })
    await expect(call).rejects.toMatchObject({ cancelled: true })
  })

  test('is the same in every tab', async () => {
    const session = await signedIn()
    localStorage.removeItem('snaptask.session')
    window.dispatchEvent(new StorageEvent('storage', { key: 'snaptask.session' }))
    expect(session.token).toBeNull()
    expect(session.endReason).toBe('elsewhere')

    localStorage.setItem('snaptask.session', JSON.stringify({ ...grant, username: 'other' }))
    window.dispatchEvent(new StorageEvent('storage', { key: 'snaptask.session' }))
    expect(session.username).toBe('other')
    expect(session.endReason).toBeNull()
  })
})
