import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, test } from 'vitest'
import type { Router } from 'vue-router'
import { failure, grant, json, stubFetch } from './testing/edge'
import { button, mountApp } from './testing/mount'
import { text } from './ui/text'
import App from './App.vue'
import { pathAfterSignIn } from './router'
import { useDraftsStore } from './tasks/drafts'
import { useSessionStore } from './account/session'

afterEach(() => { document.body.innerHTML = '' })

const path = (next: unknown) => pathAfterSignIn({ query: { next } } as unknown as Parameters<typeof pathAfterSignIn>[0])

test.each([
  ['/account', '/account'], ['/?q=a&sort=created', '/?q=a&sort=created'], [undefined, '/'],
  ['//elsewhere.test', '/'], ['/\\elsewhere.test', '/'], ['https://elsewhere.test', '/'], [['/account'], '/'],
])('signing in with next=%j leads to %s', (next, to) => {
  expect(path(next)).toBe(to)
})

describe('the address', () => {
  /** Mounts the app and returns its current path. */
  async function mounted(path: string, signedIn = true) {
    const app = await mountApp(App, { path, signedIn })
    await flushPromises()
    const { $router } = app.vm.$.appContext.config.globalProperties as { $router: Router }
    return { app, at: () => $router.currentRoute.value.fullPath }
  }

  test('leads back to where a session ended, but not to where the user signed out', async () => {
    stubFetch({ 'get-tasks': () => json([]), logout: () => json({}) })
    const { app, at } = await mounted('/?q=secret')
    await button(app, text.app.signOut).trigger('click')
    await flushPromises()
    expect(at()).toBe('/sign-in')
    expect(app.text()).not.toContain(text.signIn.ended)

    stubFetch({ 'get-tasks': () => failure(401, 'unauthorized', 'The session has ended.') })
    const ended = await mounted('/?q=jetty')
    expect(ended.at()).toBe('/sign-in?next=/?q=jetty')
    stubFetch({ login: () => json(grant), 'get-tasks': () => json([]) })
    await useSessionStore().signIn({ username: 'demo', password: 'demo-password' })
    await flushPromises()
    expect(ended.at()).toBe('/?q=jetty')
  })

  test('that does not exist says so, with and without a session', async () => {
    stubFetch({ 'get-tasks': () => json([]) })
    for (const signedIn of [true, false]) {
      const { app } = await mounted('/tasks/of/yesterday', signedIn)
      expect(app.find('h1').text()).toBe(text.notFound.heading)
    }
  })

  test('of the sign-in view leads users who are signed in to their tasks', async () => {
    stubFetch({ 'get-tasks': () => json([]) })
    expect((await mounted('/sign-in')).at()).toBe('/')
  })
})

test('the browser asks before it closes a page with unsaved text, and only then', async () => {
  stubFetch({ 'get-tasks': () => json([]) })
  const app = await mountApp(App)
  const leave = () => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  expect(leave()).toBe(true)
  useDraftsStore().composed.title = 'Half a title'
  expect(leave()).toBe(false)
  useDraftsStore().clearNew()
  expect(leave()).toBe(true)
  app.unmount()
})

test('single-key shortcuts work until they are switched off', async () => {
  stubFetch({ 'get-tasks': () => json([]) })
  const app = await mountApp(App)
  const press = async () => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))
    await flushPromises()
  }
  await press()
  expect(app.find('dialog').text()).toContain(text.help.heading)
  await app.find('dialog input[type=checkbox]').setValue(false)
  await button(app, text.app.close).trigger('click')
  await press()
  expect(app.find('dialog').exists()).toBe(false)
  await button(app, text.app.help).trigger('click')
  await app.find('dialog input[type=checkbox]').setValue(true)
  await button(app, text.app.close).trigger('click')
  await press()
  expect(app.find('dialog').exists()).toBe(true)
})
