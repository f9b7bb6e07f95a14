import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { watch } from 'vue'
import type { Task } from '@/api/types'
import { useDraftsStore } from './drafts'
import { useNoticesStore } from '@/ui/notices'
import { usePicturesStore } from '@/pictures/pictures'
import { useTasksStore } from './tasks'
import { failure, FakeUpload, json, makeTask, recognised, stubFetch, stubUploads } from '@/testing/edge'
import { button, mountApp } from '@/testing/mount'
import { text } from '@/ui/text'
import TaskCard from './TaskCard.vue'

const task = makeTask()
const photo = new File(['12345678'], 'photo.jpg', { type: 'image/jpeg' })

async function mountCard(shown: Task) {
  const card = await mountApp(TaskCard, { props: { task: shown, today: '2026-11-23' } })
  const tasks = useTasksStore()
  tasks.put(shown)
  tasks.place(shown.id)
  watch(() => tasks.get(shown.id), (now) => { void card.setProps({ task: now ?? shown }) }, { flush: 'sync' })
  return card
}

beforeEach(() => {
  stubUploads()
  // Everything is in view.
  vi.stubGlobal('IntersectionObserver', class {
    constructor(private readonly seen: (entries: { isIntersecting: boolean }[]) => void) {}
    observe() { this.seen([{ isIntersecting: true }]) }
    disconnect() { return undefined }
  })
})

describe('a task’s photo', () => {
  test('shows its progress, then its strong labels, and the weak ones on demand', async () => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard(task)
    const input = card.find<HTMLInputElement>('input[type=file]')
    Object.defineProperty(input.element, 'files', { value: [photo] })
    await input.trigger('change')
    await flushPromises()
    FakeUpload.last.sent(2)
    await flushPromises()
    expect(card.text()).toContain('25%')
    expect(card.find('progress').attributes('value')).toBe('0.25')
    FakeUpload.last.allSent()
    await flushPromises()
    expect(card.text()).toContain(text.photo.phases.recognising)
    expect(card.find('progress').attributes('value')).toBeUndefined()
    FakeUpload.last.answer(200, recognised(task))
    await flushPromises()

    expect(card.findAll('.chip .label').map((label) => label.text())).toEqual(['pier', 'lakeside', 'breakwater'])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'recognised', title: task.title, labels: ['pier', 'lakeside', 'breakwater'], unseen: true }])
    await button(card, text.labels.showAll(10)).trigger('click')
    expect(card.findAll('.chip')).toHaveLength(10)
    expect(button(card, text.labels.showFewer).attributes('aria-expanded')).toBe('true')
  })

  test('can be cancelled during the upload', async () => {
    stubFetch({ 'get-tasks': () => json(task) })
    const card = await mountCard(task)
    const input = card.find<HTMLInputElement>('input[type=file]')
    Object.defineProperty(input.element, 'files', { value: [photo] })
    await input.trigger('change')
    await flushPromises()
    await button(card, text.photo.cancelOf(task.title)).trigger('click')
    await flushPromises()
    expect(card.find('progress').exists()).toBe(false)
    expect(card.find('[role=alert]').exists()).toBe(false)
  })

  test('is requested with the token and opens in full size', async () => {
    const calls = stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard(recognised(task))
    await flushPromises()
    await button(card, text.photo.open(task.title)).trigger('click')
    await flushPromises()
    expect(calls.map(({ url, token }) => `${url} ${token ?? ''}`)).toEqual([
      `/function/get-image?id=${task.id}&size=thumb token-1`, `/function/get-image?id=${task.id}&size=full token-1`,
    ])
    expect(card.find('dialog img').attributes('alt')).toBe(text.photo.of(task.title))
    expect(card.find('dialog img').attributes('src')).toMatch(/^blob:/)
  })

  test.each([['pending', text.photo.statuses.pending], ['failed', text.photo.statuses.failed]] as const)('that is %s says so', async (imageStatus, words) => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard({ ...task, upload: true, imageStatus })
    expect(card.text()).toContain(words)
  })

  test.each(['pending', 'failed'] as const)('that is %s can be recognised again', async (imageStatus) => {
    const calls = stubFetch({
      'get-image': () => new Response('bytes'),
      'predict-image': () => json({ ...recognised(task), version: 3 }),
    })
    const card = await mountCard({ ...task, version: 2, upload: true, imageStatus })
    await button(card, text.photo.recogniseAgainOf(task.title)).trigger('click')
    await flushPromises()
    expect(card.text()).toContain('pier')
    expect(calls.filter(({ method }) => method === 'POST').map(({ url }) => url)).toEqual([`/function/predict-image?id=${task.id}`])
  })

  test.each(['drop', 'paste'])('comes by %s', async (kind) => {
    stubFetch({})
    const card = await mountCard(task)
    const carried = { files: [photo], types: ['Files'] }
    await card.trigger(kind, kind === 'drop' ? { dataTransfer: carried } : { clipboardData: carried })
    await flushPromises()
    expect(FakeUpload.last.url).toBe(`/function/predict-image?id=${task.id}`)
    expect(card.find('progress').exists()).toBe(true)
  })

  test('is the first of several, and the others are not dropped without a word', async () => {
    stubFetch({})
    const card = await mountCard(task)
    const other = new File(['1'], 'other.jpg', { type: 'image/jpeg' })
    await card.trigger('drop', { dataTransfer: { files: [photo, other], types: ['Files'] } })
    await flushPromises()
    expect(usePicturesStore().uploads.get(task.id)?.file).toBe(photo)
    expect(useNoticesStore().list).toMatchObject([{ kind: 'onePhoto', title: task.title }])
  })

  test('that is pasted with text into a text field is ignored', async () => {
    stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    const carried = { files: [photo], types: ['text/plain', 'Files'] }
    await card.find('textarea').trigger('paste', { clipboardData: carried })
    expect(usePicturesStore().uploads.size).toBe(0)
    await card.trigger('paste', { clipboardData: carried })
    expect(usePicturesStore().uploads.size).toBe(1)
  })

  test('that failed can be sent again', async () => {
    stubFetch({ 'get-tasks': () => json(task) })
    const card = await mountCard(task)
    await card.trigger('drop', { dataTransfer: { files: [photo], types: ['Files'] } })
    await flushPromises()
    FakeUpload.last.end('error')
    await flushPromises()
    const first = FakeUpload.last
    await button(card, text.app.retry).trigger('click')
    await flushPromises()
    expect(FakeUpload.last).not.toBe(first)
    expect(FakeUpload.last.body).toBe(photo)
    expect(card.find('[role=alert]').exists()).toBe(false)
  })

  test('that the server awaits says so, and after a while asks for it again', async () => {
    vi.useFakeTimers()
    const calls = stubFetch({ 'upload-url': () => json({ ...task, version: 3 }) })
    const card = await mountCard({ ...task, version: 2, uploading: true })
    expect(card.text()).toContain(text.photo.awaited)
    expect(card.find('.status input[type=file]').exists()).toBe(false)
    await vi.advanceTimersByTimeAsync(11_000)
    expect(card.text()).toContain(text.photo.notArrived)
    expect(card.find('.status input[type=file]').attributes('aria-label')).toBe(text.photo.sendAgainTo(task.title))
    await button(card, text.photo.cancelOf(task.title)).trigger('click')
    expect(card.text()).not.toContain(text.photo.notArrived)
    await flushPromises()
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`DELETE /function/upload-url?id=${task.id}`])
    vi.useRealTimers()
  })

  test('that was refused after its upload says why, until it is dismissed', async () => {
    stubFetch({ 'upload-url': () => json({ ...task, version: 3 }), 'get-image': () => new Response('bytes') })
    const card = await mountCard({ ...recognised(task), uploadError: 'picture_broken' })
    expect(card.find('[role=alert]').text()).toContain(text.photo.uploadErrors.picture_broken)
    expect(card.text(), 'the photo that it has stays').toContain('pier')
    await button(card, text.app.dismiss).trigger('click')
    expect(card.find('[role=alert]').exists()).toBe(false)
  })

  test('that could not be loaded can be retried, and is loaded when the network is back', async () => {
    stubFetch({ 'get-image': () => new TypeError('no network') })
    const card = await mountCard(recognised(task))
    await flushPromises()
    expect(card.find('img').exists()).toBe(false)
    stubFetch({ 'get-image': () => new Response('bytes') })
    window.dispatchEvent(new Event('online'))
    await flushPromises()
    expect(card.find('img').exists()).toBe(true)
    stubFetch({ 'get-image': () => new TypeError('no network') })
    await card.setProps({ task: { ...recognised(task), version: 9 } })
    await flushPromises()
    stubFetch({ 'get-image': () => new Response('bytes') })
    await button(card, text.photo.missing(task.title)).trigger('click')
    await flushPromises()
    expect(card.find('img').attributes('src')).toMatch(/^blob:/)
  })

  test('is removed on the server once it can no longer be undone', async () => {
    const calls = stubFetch({
      'get-image': () => new Response('bytes'), 'delete-image': () => json({ ...task, version: 3 }),
    })
    const card = await mountCard(recognised(task))
    await flushPromises()
    await button(card, text.photo.open(task.title)).trigger('click')
    await button(card, text.photo.removeOf(task.title)).trigger('click')
    expect(card.find('.chip').exists()).toBe(false)
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await useNoticesStore().settle()
    expect(calls.at(-1)).toMatchObject({ method: 'DELETE', url: `/function/delete-image?id=${task.id}` })
    expect(useTasksStore().byID.get(task.id)?.upload).toBe(false)
  })
})

describe('a task', () => {
  test('is edited in place, and only changed fields are sent', async () => {
    const calls = stubFetch({ 'update-task': () => json({ ...task, title: 'Paint it', version: 2 }) })
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('input[type=text]').setValue(' Paint it ')
    await card.find('form').trigger('submit')
    await flushPromises()
    expect(calls.map((call) => call.json)).toEqual([{ title: 'Paint it', version: 1 }])
    expect(card.find('form').exists()).toBe(false)
    expect(card.find('h3').text()).toBe('Paint it')
  })

  test('that can’t be saved stays in the editor, with the reason', async () => {
    stubFetch({ 'update-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { body: 'is too long' }) })
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('textarea').setValue('x')
    await card.find('form').trigger('submit')
    await flushPromises()
    expect(card.find('form').text()).toContain('is too long')
    expect(document.activeElement).toBe(card.find('textarea').element)
    expect(card.find('textarea').element.value).toBe('x')
  })

  test('is not changed by Escape, which returns the focus to the edit button', async () => {
    const calls = stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('input[type=text]').setValue('Other')
    await card.find('form').trigger('keydown', { key: 'Escape' })
    await flushPromises()
    expect(card.find('h3').text()).toBe(task.title)
    expect(document.activeElement?.getAttribute('aria-label')).toBe(text.task.editNamed(task.title))
    expect(calls).toEqual([])
  })

  test('stays in the editor when Escape ends the composition of a character', async () => {
    stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('form').trigger('keydown', { key: 'Escape', isComposing: true })
    expect(card.find('form').exists()).toBe(true)
  })

  test('is written in the direction of its text', async () => {
    stubFetch({})
    const card = await mountCard({ ...task, title: 'לצבוע את המזח', body: 'שתי שכבות' })
    expect(card.findAll('[dir=auto]').map((one) => one.element.tagName)).toEqual(['H3', 'P'])
    await button(card, text.task.editNamed('לצבוע את המזח')).trigger('click')
    expect(card.findAll('[dir=auto]').map((one) => one.element.tagName)).toEqual(['INPUT', 'TEXTAREA'])
  })

  test('restores a discarded edit on undo', async () => {
    stubFetch({})
    const card = await mountCard(task)
    const notices = useNoticesStore()
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await button(card, text.task.cancel).trigger('click')
    expect(notices.list, 'nothing was written').toEqual([])
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('textarea').setValue('Half a page')
    await button(card, text.task.cancel).trigger('click')
    notices.undo(notices.list[0]?.id ?? 0)
    await flushPromises()
    expect(card.find('textarea').element.value).toBe('Half a page')
  })

  test('that is deleted elsewhere moves its unsaved edit to the form for a new task', async () => {
    stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('textarea').setValue('Half a page')
    useTasksStore().drop(task.id)
    expect(useDraftsStore().composed).toMatchObject({ title: task.title, body: 'Half a page', dueDate: task.dueDate })
    expect(useNoticesStore().list).toMatchObject([{ kind: 'editRescued', title: task.title }])
  })

  test('that can’t be marked as done says so, and offers no undo', async () => {
    stubFetch({ 'update-task': () => failure(503, 'unavailable', 'Later.') })
    const card = await mountCard(task)
    await card.find('input[type=checkbox]').trigger('change')
    await flushPromises()
    expect(useNoticesStore().list).toMatchObject([{ kind: 'notChanged', title: task.title, problem: { message: 'Later.' }, undoable: false }])
  })

  test('that may have been marked as done says so, and shows what was saved once it knows', async () => {
    vi.useFakeTimers()
    stubFetch({ 'update-task': () => new TypeError('connection lost'), 'get-tasks': () => json({ ...task, completed: true, version: 2 }) })
    const card = await mountCard(task)
    await card.find('input[type=checkbox]').trigger('change')
    await vi.advanceTimersByTimeAsync(4500)
    expect(useNoticesStore().list).toMatchObject([{ kind: 'maybeChanged', title: task.title, undoable: false }])
    expect(useTasksStore().list).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(6000)
    expect(useTasksStore().list).toEqual([])
    expect(useTasksStore().byID.get(task.id)?.completed).toBe(true)
    vi.useRealTimers()
  })

  test('is readonly while it is being saved', async () => {
    stubFetch({ 'update-task': () => new Promise(() => undefined) })
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('textarea').setValue('x')
    await card.find('form').trigger('submit')
    expect(card.findAll('form :is(input, textarea)').every((field) => field.attributes('readonly') !== undefined)).toBe(true)
  })

  test('is marked as done at once, with undo', async () => {
    const calls = stubFetch({
      'update-task': ({ json: change }) => json({ ...task, ...(change as object), version: (change as { version: number }).version + 1 }),
    })
    const card = await mountCard(task)
    await card.find('input[type=checkbox]').trigger('change')
    expect(useTasksStore().list).toEqual([])
    await flushPromises()
    const notices = useNoticesStore()
    expect(notices.list[0]).toMatchObject({ kind: 'completed', title: task.title, undoable: true })
    notices.undo(notices.list[0]?.id ?? 0)
    await flushPromises()
    expect(useTasksStore().list).toHaveLength(1)
    expect(calls.map((call) => call.json)).toEqual([{ completed: true, version: 1 }, { completed: false, version: 2 }])
  })

  test('that was changed elsewhere shows both versions', async () => {
    const theirs = { ...task, title: 'Theirs', version: 2 }
    stubFetch({
      'update-task': ({ json: change }) =>
        (change as { version: number }).version === 2 ? json({ ...theirs, title: 'Mine', version: 3 }) : failure(409, 'stale_version', 'Changed.'),
      'get-tasks': () => json(theirs),
    })
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('input[type=text]').setValue('Mine')
    await card.find('form').trigger('submit')
    await flushPromises()
    expect(card.findAll('dialog .title').map((title) => title.text())).toEqual(['Mine', 'Theirs'])
    await card.find('dialog').trigger('cancel')
    expect(card.find<HTMLInputElement>('input[type=text]').element.value, 'closed without a choice').toBe('Mine')
    await card.find('form').trigger('submit')
    await flushPromises()
    await button(card, text.conflict.keepMine).trigger('click')
    await flushPromises()
    expect(card.find('dialog').exists()).toBe(false)
    expect(card.find('h3').text()).toBe('Mine')
  })

  test('that was changed elsewhere keeps the edit until it is saved', async () => {
    const theirs = { ...task, title: 'Theirs', version: 2 }
    stubFetch({
      'update-task': ({ json: change }) =>
        (change as { version: number }).version === 2 ? failure(503, 'unavailable', 'Later.') : failure(409, 'stale_version', 'Changed.'),
      'get-tasks': () => json(theirs),
    })
    const card = await mountCard(task)
    await button(card, text.task.editNamed(task.title)).trigger('click')
    await card.find('input[type=text]').setValue('Mine')
    await card.find('form').trigger('submit')
    await flushPromises()
    await button(card, text.conflict.keepMine).trigger('click')
    await flushPromises()
    expect(card.find('dialog [role=alert]').text()).toContain('Later.')
    await button(card, text.conflict.keepTheirs).trigger('click')
    expect(card.find('form').exists()).toBe(false)
    expect(card.find('h3').text()).toBe('Theirs')
  })

  test('is deleted from here', async () => {
    stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.deleteNamed(task.title)).trigger('click')
    expect(useTasksStore().list).toEqual([])
  })
})
