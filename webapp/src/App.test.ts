import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { failure, grant, json, makeTask, recognised, stubFetch, stubUploads } from './testing/edge'
import { button, mountApp } from './testing/mount'
import { text } from './ui/text'
import App from './App.vue'
import { usePicturesStore } from './pictures/pictures'
import { useSessionStore } from './account/session'

enableAutoUnmount(afterEach)

describe('the app', () => {
  test('asks users to sign in, and then shows their tasks', async () => {
    stubFetch({ login: () => json(grant), 'get-tasks': () => json([makeTask({ title: 'Paint the jetty' })]) })
    const app = await mountApp(App, { signedIn: false })
    expect(app.find('h1').text()).toBe(text.signIn.heading)
    await app.find('input[name=username]').setValue(' demo ')
    await app.find('input[type=password]').setValue('demo-password')
    await app.find('form').trigger('submit')
    await flushPromises()
    expect(app.find('article').text()).toContain('Paint the jetty')
    expect(document.title).toBe('Tasks · Snaptask')
  })

  test('shows the error about the password', async () => {
    stubFetch({ login: () => failure(401, 'unauthorized', 'The username or the password is wrong.') })
    const app = await mountApp(App, { signedIn: false })
    await app.find('form').trigger('submit')
    await flushPromises()
    expect(app.find('[role=alert]').text()).toContain('The username or the password is wrong.')
    expect(button(app, text.signIn.submit).attributes('aria-disabled')).toBe('false')
  })

  test('shows the error at each field of a new account', async () => {
    stubFetch({ register: () => failure(400, 'invalid_fields', 'Some fields are not valid.', { password: 'is too short' }) })
    const app = await mountApp(App, { signedIn: false, path: '/register' })
    await app.find('form').trigger('submit')
    await flushPromises()
    const field = app.find('input[type=password]')
    expect(field.attributes('aria-invalid')).toBe('true')
    expect(app.find(`[id="${field.attributes('aria-describedby') ?? ''}"]`).text()).toBe('Password is too short.')
  })

  test('moves the focus to the heading of another view', async () => {
    stubFetch({ 'get-tasks': () => json([]) })
    const app = await mountApp(App)
    await flushPromises()
    expect(document.activeElement).toBe(document.body)
    await app.vm.$router.push('/account')
    await flushPromises()
    expect(document.activeElement?.textContent).toBe(text.account.heading)
    stubFetch({ logout: () => json({}) })
    await button(app, text.app.signOut).trigger('click')
    await flushPromises()
    expect(document.activeElement).toBe(app.find('input[name=username]').element)
  })

  test('takes a photo dropped anywhere among the tasks for a new one, and lets no file replace the page', async () => {
    stubFetch({ 'get-tasks': () => json([]) })
    const app = await mountApp(App)
    await flushPromises()
    const drag = (kind: string, types: string[]) => {
      const files = types.includes('Files') ? [new File(['1'], 'pier.jpg', { type: 'image/jpeg' })] : []
      const event = Object.assign(new Event(kind, { bubbles: true, cancelable: true }), { dataTransfer: { types, files, dropEffect: '' } })
      document.body.dispatchEvent(event)
      return event
    }
    drag('dragenter', ['Files'])
    await flushPromises()
    expect(app.text()).toContain(text.tasks.drop)
    expect(drag('dragover', ['Files']).dataTransfer.dropEffect).toBe('copy')
    drag('drop', ['Files'])
    await flushPromises()
    expect(app.text()).not.toContain(text.tasks.drop)
    expect(app.find('form.composer').text()).toContain('pier.jpg')
    expect(drag('dragover', ['text/plain']).defaultPrevented, 'text may be dragged into a field').toBe(false)
    expect(drag('drop', ['text/plain']).defaultPrevented).toBe(false)
    await app.vm.$router.push('/account')
    const over = drag('dragover', ['Files'])
    expect([over.defaultPrevented, over.dataTransfer.dropEffect]).toEqual([true, 'none'])
    expect(drag('drop', ['Files']).defaultPrevented).toBe(true)
  })

  test('makes a task of each of several photos', async () => {
    stubUploads()
    const calls = stubFetch({ 'get-tasks': () => json([]), 'create-task': ({ json: body }) => json(makeTask(body as object)) })
    await mountApp(App)
    await flushPromises()
    const files = ['pier.jpg', 'shed.png'].map((name) => new File(['1'], name, { type: 'image/jpeg' }))
    document.body.dispatchEvent(Object.assign(new Event('drop', { bubbles: true, cancelable: true }), { dataTransfer: { types: ['Files'], files } }))
    await flushPromises()
    expect(calls.filter(({ url }) => url.includes('create-task')).map(({ json: body }) => (body as { title: string }).title)).toEqual(['pier', 'shed'])
    expect(usePicturesStore().uploads.size).toBe(2)
  })

  test('undoes the last deletion by Ctrl+Z, outside text fields, and moves the focus to the task', async () => {
    const calls = stubFetch({ 'get-tasks': () => json([makeTask()]) })
    const app = await mountApp(App)
    await flushPromises()
    await button(app, text.task.deleteNamed(makeTask().title)).trigger('click')
    expect(app.find('article').exists()).toBe(false)
    const title = app.find<HTMLInputElement>('input[name=title]')
    await title.trigger('keydown', { key: 'z', ctrlKey: true })
    expect(app.find('article').exists(), 'the field undoes by itself').toBe(false)
    await app.find('h1').trigger('keydown', { key: 'z', ctrlKey: true })
    await flushPromises()
    expect(document.activeElement).toBe(app.find('article').element)
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
  })

  test('can skip to the first task, and names only the chosen label as current', async () => {
    const task = recognised(makeTask())
    stubFetch({ 'get-tasks': () => json([task]), 'get-image': () => new Response('bytes') })
    const app = await mountApp(App, { path: '/?label=pier' })
    await flushPromises()
    await app.get('a.skip').trigger('click')
    expect(document.activeElement).toBe(app.find('article').element)
    const current = app.findAll('a.chip').filter((chip) => chip.attributes('aria-current') !== 'false')
    expect(current.map((chip) => chip.find('.label').text())).toEqual(['pier'])
  })

  test('tells screen readers how many tasks a search has found', async () => {
    stubFetch({
      'get-tasks': ({ url }) => url.includes('q=pier') ? json([makeTask({ id: 'b' })]) : json([makeTask({ id: 'a' }), makeTask({ id: 'b' })], 200, { Link: '<?cursor=x>; rel="next"' }),
    })
    const app = await mountApp(App)
    await flushPromises()
    const found = () => app.get('main > [role=status].visually-hidden').text()
    expect(found()).toBe('More than 2 tasks')
    await app.vm.$router.push('/?q=pier')
    await flushPromises()
    expect(found()).toBe('1 task')
    const changes: string[] = []
    const observer = new MutationObserver(() => { changes.push(found()) })
    observer.observe(app.get('main').element, { subtree: true, characterData: true, childList: true })
    await app.vm.$router.push('/?q=pier&due=today')
    await flushPromises()
    observer.disconnect()
    expect(changes, 'the same number is read again').toContain('')
    expect(found()).toBe('1 task')
  })

  test('shows what was changed elsewhere at once when the page shows again, and every minute while it does', async () => {
    vi.useFakeTimers()
    let title = 'Before'
    stubFetch({ 'get-tasks': () => json([makeTask({ title, version: title.length })]) })
    const app = await mountApp(App)
    await flushPromises()
    const shown = () => app.find('article h3').text()
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    title = 'While hidden'
    await vi.advanceTimersByTimeAsync(120_000)
    expect(shown()).toBe('Before')
    visibility.mockReturnValue('visible')
    document.dispatchEvent(new Event('visibilitychange'))
    await flushPromises()
    expect(shown()).toBe('While hidden')
    title = 'A minute later, at most'
    await vi.advanceTimersByTimeAsync(60_000)
    expect(shown()).toBe('A minute later, at most')
    vi.useRealTimers()
  })

  test('returns to the sign-in view, with the reason, when the session has ended', async () => {
    stubFetch({ 'get-tasks': () => failure(401, 'unauthorized', 'Please sign in.') })
    const app = await mountApp(App)
    await flushPromises()
    expect(app.find('h1').text()).toBe(text.signIn.heading)
    expect(app.text()).toContain(text.signIn.ended)
  })

  test('shows nothing of one user to the next', async () => {
    stubFetch({ 'get-tasks': () => json([makeTask({ title: 'Mine' })]) })
    const app = await mountApp(App)
    await flushPromises()
    expect(app.text()).toContain('Mine')
    stubFetch({ logout: () => json({}) })
    await button(app, text.app.signOut).trigger('click')
    await flushPromises()
    stubFetch({ login: () => json({ ...grant, token: 'token-2' }), 'get-tasks': () => new Promise(() => undefined) })
    await useSessionStore().signIn({ username: 'other', password: 'other-password' })
    await flushPromises()
    expect(app.find('article').exists()).toBe(false)
    expect(app.text()).toContain(text.tasks.loading)
  })

  test('has a message for no tasks, and for tasks that can’t be loaded', async () => {
    stubFetch({ 'get-tasks': () => json([]) })
    const app = await mountApp(App)
    await flushPromises()
    expect(app.text()).toContain(text.tasks.empty.heading)

    stubFetch({ 'get-tasks': () => new TypeError('no network') })
    const broken = await mountApp(App)
    await flushPromises()
    expect(broken.find('[role=alert]').text()).toContain(text.problem.codes.network)
    stubFetch({ 'get-tasks': () => json([makeTask()]) })
    await button(broken, text.app.retry).trigger('click')
    await flushPromises()
    expect(broken.findAll('article')).toHaveLength(1)
  })
})
