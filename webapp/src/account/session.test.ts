import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { functions } from '@/api/functions'
import { failure, grant, json, loginGrant, longWait, loses, stubFetch } from '@/testing/edge'
import { useSessionStore } from './session'

const fetchTasks = () => functions.getTasks('token-1', {})
const credentials = { username: 'demo', password: 'demo-password' }

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
})
afterEach(() => { vi.useRealTimers() })

async function signedIn() {
  const session = useSessionStore()
  stubFetch({ login: () => json(loginGrant) })
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

  test('names this browser at the next login of the same user, until the account is deleted', async () => {
    const session = useSessionStore()
    const calls = stubFetch({
      login: ({ json: body }) => {
        const { username } = body as { username: string }
        return json({ ...loginGrant, username, device: `device of ${username}` })
      },
      logout: () => json({}), 'delete-account': () => json({}),
    })
    const sent = () => (calls.filter(({ url }) => url.includes('login')).at(-1)?.json as { device?: string }).device
    await session.signIn(credentials)
    expect(sent()).toBeUndefined()
    await session.signOut()
    await session.signIn({ ...credentials, username: ' DEMO ' })
    expect(sent()).toBe('device of demo')
    await session.signOut()
    await session.signIn({ ...credentials, username: 'other' })
    expect(sent(), 'another user’s').toBeUndefined()
    expect(localStorage.getItem('snaptask.session')).not.toContain('device')
    await session.deleteAccount('p')
    await session.signIn({ ...credentials, username: 'other' })
    expect(sent()).toBeUndefined()
  })

  test.each(['{', '7', '[1]', '[["demo"]]'])('starts although the devices are %s', async (kept) => {
    localStorage.setItem('snaptask.devices', kept)
    const calls = stubFetch({ login: () => json(loginGrant) })
    await useSessionStore().signIn(credentials)
    expect(calls[0]?.json).toEqual(credentials)
  })

  test('ends here even if the server can’t be reached, and there once it can', async () => {
    const session = await signedIn()
    vi.useFakeTimers()
    const calls = stubFetch({ logout: loses(1, () => json({})) })
    const ending = session.signOut()
    expect(session.token).toBeNull()
    await longWait(ending)
    expect(calls).toHaveLength(2)
    stubFetch({ logout: () => new TypeError('no network') })
    await longWait(session.signOut())
    expect(session.token).toBeNull()
  })

  test('does not start with a wrong password', async () => {
    const session = useSessionStore()
    stubFetch({ login: () => failure(401, 'wrong_credentials', 'The username or the password is wrong.') })
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
    for (const refusal of [failure(401, 'wrong_credentials', 'Wrong.'), failure(429, 'too_many_attempts', 'Wait.')]) {
      stubFetch({ register: taken, login: () => refusal })
      await expect(session.register(credentials)).rejects.toMatchObject({ status: 409, fields: { username: 'This username is taken.' } })
    }
    stubFetch({ register: taken, login: () => failure(503, 'unavailable', 'Later.') })
    await expect(session.register(credentials)).rejects.toMatchObject({ status: 503 })
    vi.useFakeTimers()
    const calls = stubFetch({ register: loses(1, taken), login: () => json(grant) })
    await longWait(session.register(credentials))
    expect(session.token).toBe('token-1')
    expect(calls).toHaveLength(3)
  })

  test('goes on in a new one when the answer to a change of the password was lost', async () => {
    const session = await signedIn()
    vi.useFakeTimers()
    const calls = stubFetch({ 'change-password': loses(1, () => json({ ...grant, token: 'token-2' })) })
    await longWait(session.changePassword({ currentPassword: 'a', newPassword: 'b' }))
    expect(session.token).toBe('token-2')
    expect(calls.map(({ token }) => token)).toEqual(['token-1', 'token-1'])
  })

  test('is still there when a change of the password is not confirmed', async () => {
    const session = await signedIn()
    vi.useFakeTimers()
    stubFetch({ 'change-password': () => failure(503, 'outcome_unknown', 'Look.') })
    await expect(longWait(session.changePassword({ currentPassword: 'a', newPassword: 'b' }))).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(session.token).toBe('token-1')
  })

  test('ends with its account although the answer was lost', async () => {
    const session = await signedIn()
    vi.useFakeTimers()
    stubFetch({ 'delete-account': loses(1, () => failure(401, 'unauthorized', 'Please sign in.')) })
    await longWait(session.deleteAccount('a'))
    expect([session.token, session.endReason]).toEqual([null, 'deleted'])
  })

  test('ends with its account once the server is back', async () => {
    const session = await signedIn()
    vi.useFakeTimers()
    stubFetch({ 'delete-account': () => new TypeError('no network'), 'get-tasks': () => failure(401, 'unauthorized', 'Please sign in.') })
    await expect(longWait(session.deleteAccount('a'))).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(session.token).toBe('token-1')
    await expect(session.authorized(() => fetchTasks())).rejects.toMatchObject({ status: 401 })
    expect(session.endReason).toBe('deleted')
  })

  test.each([
    ['text', new Response('unauthorized', { status: 401 })],
    ['JSON of another kind', json({ error: 'unauthorized' }, 401)],
    ['an error of a proxy', failure(401, 'jwt_missing', 'Who are you?')],
  ])('is not ended by a gateway’s 401: %s', async (_name, answer) => {
    const session = await signedIn()
    stubFetch({ 'get-tasks': () => answer })
    await expect(session.authorized(() => fetchTasks())).rejects.toMatchObject({ status: 401 })
    expect(session.token).toBe('token-1')
  })

  test.each(['{', '7', '{"token":1}', 'null'])('is not read from %s', (kept) => {
    localStorage.setItem('snaptask.session', kept)
    expect(useSessionStore().token).toBeNull()
  })

  test('that the server rejects ends with a reason', async () => {
    const session = await signedIn()
    stubFetch({ 'get-tasks': () => failure(401, 'unauthorized', 'Please sign in.') })
    await expect(session.authorized(() => fetchTasks())).rejects.toMatchObject({ status: 401 })
    expect(session.token).toBeNull()
    expect(session.endReason).toBe('ended')
  })

  test('is not ended by a response to an earlier one', async () => {
    const session = await signedIn()
    const call = session.authorized(async () => {
      stubFetch({ login: () => json({ ...grant, token: 'token-2' }) })
      await session.signIn(credentials)
      stubFetch({ 'get-tasks': () => failure(401, 'unauthorized', 'Please sign in.') })
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
