import { flushPromises } from '@vue/test-utils'
import { describe, expect, test, vi } from 'vitest'
import { noteServerTime } from '@/api/clock'
import { usePicturesStore } from '@/pictures/pictures'
import { useDraftsStore } from './drafts'
import { defaultFilter } from './filter'
import { useNoticesStore } from '@/ui/notices'
import { useTasksStore } from './tasks'
import { failure, FakeUpload, json, makeTask, stubFetch, stubUploads, type Call } from '@/testing/edge'
import { button, mountApp } from '@/testing/mount'
import { text } from '@/ui/text'
import TaskComposer from './TaskComposer.vue'

const props = { today: '2026-11-23' }

/** Answers as create-task does. */
const created = ({ json: body }: Call) => json(makeTask(body as object))

describe('the form for a new task', () => {
  test('uses today as the due date, and is empty afterwards', async () => {
    const calls = stubFetch({ 'create-task': created })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('  Paint the jetty ')
    await form.find('textarea').setValue('Two coats')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls[0]?.json).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{14}7/) as string, title: 'Paint the jetty', body: 'Two coats', dueDate: '2026-11-23' })
    expect(form.find<HTMLInputElement>('input[name=title]').element.value).toBe('')
    expect(useTasksStore().list).toMatchObject([{ title: 'Paint the jetty', version: 1 }])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'added', title: 'Paint the jetty', unseen: true }])
  })

  test('says so when the filter hides the new task', async () => {
    stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    useTasksStore().filter = { ...defaultFilter, q: 'zebra' }
    await form.find('input[name=title]').setValue('Paint the jetty')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(useNoticesStore().list).toMatchObject([{ kind: 'addedHidden', title: 'Paint the jetty', unseen: false }])
  })

  test('sends nothing without a title or a due date', async () => {
    const calls = stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('   ')
    await form.find('input[name=due]').setValue('')
    await form.find('form').trigger('submit')
    expect(form.text()).toContain(text.task.titleMissing)
    expect(form.text()).toContain(text.task.dueMissing)
    expect(form.find('input[name=title]').attributes('aria-invalid')).toBe('true')
    expect(calls).toEqual([])
  })

  test('says what is too long, in characters and bytes, and sends nothing', async () => {
    const calls = stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('🦆'.repeat(256))
    await form.find('textarea').setValue('é'.repeat(32_768))
    await form.find('form').trigger('submit')
    expect(form.text()).toContain(text.task.titleLong('256', '255'))
    expect(form.text()).toContain(text.task.bodyLong('65,536', '65,535'))
    expect(calls).toEqual([])
  })

  test('follows the current day until a day is chosen', async () => {
    stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    const day = form.find<HTMLInputElement>('input[name=due]')
    await form.setProps({ today: '2026-11-24' })
    expect(day.element.value).toBe('2026-11-24')
    await day.setValue('2026-12-24')
    await form.setProps({ today: '2026-11-25' })
    expect(day.element.value).toBe('2026-12-24')
  })

  test('keeps its text when the server refuses it, and shows and focuses the error at its field', async () => {
    stubFetch({ 'create-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { body: 'is too long' }) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.text()).not.toContain('Some fields are not valid.')
    expect(form.text()).toContain('Notes is too long.')
    expect(document.activeElement).toBe(form.find('textarea').element)
    expect(form.find<HTMLInputElement>('input[name=title]').element.value).toBe('Paint the jetty')
  })

  test('shows an error that belongs to none of its fields', async () => {
    stubFetch({ 'create-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { id: 'must be a UUID', body: 'is too long' }) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.text()).toContain('Some fields are not valid.')
  })

  test('refuses a file that is no photo, and keeps the photo it has', async () => {
    const form = await mountApp(TaskComposer, { props })
    const composer = form.vm as unknown as { addPhoto: (file: File) => void }
    const { composed } = useDraftsStore()
    const photo = new File(['1'], 'pier.jpg', { type: 'image/jpeg' })
    composer.addPhoto(photo)
    composer.addPhoto(new File(['1'], 'list.pdf', { type: 'application/pdf' }))
    await form.vm.$nextTick()
    expect(form.text()).toContain(text.problem.codes.wrong_type)
    expect(composed.photo?.name).toBe('pier.jpg')
    await form.find('img').trigger('error')
    expect(form.text()).toContain(text.problem.codes.broken_file)
    expect(composed.photo).toBeNull()
  })

  test('closes on Escape, unless it has content', async () => {
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').trigger('focusin')
    expect(form.classes()).toContain('open')
    await form.find('input[name=title]').trigger('keydown', { key: 'Escape' })
    expect(form.classes()).not.toContain('open')
    await form.find('input[name=title]').trigger('focusin')
    await form.find('input[name=title]').trigger('keydown', { key: 'Escape', isComposing: true })
    expect(form.classes(), 'it ended the composition of a character').toContain('open')
    await form.find('textarea').setValue('Two coats')
    await form.find('textarea').trigger('keydown', { key: 'Escape' })
    expect(form.classes()).toContain('open')
  })

  test('creates one task when submitted twice, and does not complain', async () => {
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    void form.find('form').trigger('submit')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls).toHaveLength(1)
    expect(form.find('[aria-invalid=true]').exists()).toBe(false)
  })

  test('is empty for the next task while the one before is created', async () => {
    const answers: ((answer: Response) => void)[] = []
    const calls = stubFetch({ 'create-task': () => new Promise((resolve) => { answers.push(resolve) }) })
    const form = await mountApp(TaskComposer, { props })
    const title = form.find<HTMLInputElement>('input[name=title]')
    for (const words of ['Buy paint', 'Buy brushes']) {
      await title.setValue(words)
      await form.find('form').trigger('submit')
      expect(title.element.value).toBe('')
      expect(title.attributes('readonly')).toBeUndefined()
    }
    await title.setValue('Half a ti')
    const [first, second] = calls.map(({ json: body }) => body as { id: string; title: string })
    answers[1]?.(json(makeTask(second)))
    answers[0]?.(failure(503, 'unavailable', 'Later.'))
    await flushPromises()
    expect(useTasksStore().list.map((task) => task.title)).toEqual(['Buy brushes'])
    expect(title.element.value).toBe('Half a ti')
    expect(form.text()).toContain(text.task.notAdded('Buy paint', 'Later.'))

    stubFetch({ 'create-task': created })
    await button(form, text.app.retry).trigger('click')
    await flushPromises()
    expect(useTasksStore().list.map((task) => task.title).sort()).toEqual(['Buy brushes', 'Buy paint'])
    expect(first?.id).not.toBe(second?.id)
    expect(form.find('[role=alert]').exists()).toBe(false)
  })

  test('sends the photo once the task has been created, or gives both back', async () => {
    stubUploads()
    FakeUpload.last = undefined as unknown as FakeUpload
    let answer: (response: Response) => void = () => undefined
    const calls = stubFetch({ 'create-task': () => new Promise((resolve) => { answer = resolve }), 'get-tasks': () => failure(404, 'task_not_found', 'Gone.') })
    const form = await mountApp(TaskComposer, { props })
    const composer = form.vm as unknown as { addPhoto: (file: File) => void }
    const { composed } = useDraftsStore()
    const photo = new File(['1'], 'pier.jpg', { type: 'image/jpeg' })
    async function send() {
      composer.addPhoto(photo)
      await form.find('input[name=title]').setValue('Paint the jetty')
      await form.find('form').trigger('submit')
      await flushPromises()
      expect(composed.photo).toBeNull()
      expect(FakeUpload.last).toBeUndefined()
    }
    await send()
    answer(failure(403, 'quota_exceeded', 'You have 10,000 tasks.'))
    await flushPromises()
    expect(composed).toMatchObject({ title: 'Paint the jetty', photo })
    expect(usePicturesStore().uploads.size).toBe(0)
    expect(usePicturesStore().failures.size).toBe(0)
    await send()
    answer(json(makeTask(calls.at(-1)?.json as object)))
    await flushPromises()
    expect((FakeUpload.last.body as File).name).toBe('pier.jpg')
  })

  test('names a task after its photo if it has no title', async () => {
    stubUploads()
    const calls = stubFetch({ 'create-task': created })
    const form = await mountApp(TaskComposer, { props })
    const composer = form.vm as unknown as { addPhoto: (file: File) => void }
    composer.addPhoto(new File(['1'], 'old_pier.jpg', { type: 'image/jpeg' }))
    await form.find('form').trigger('submit')
    expect(calls[0]?.json).toMatchObject({ title: 'old pier' })
  })

  test('makes ids by the server’s clock', async () => {
    vi.setSystemTime('2030-01-01T00:00:00Z')
    const calls = stubFetch({ 'create-task': () => json(makeTask(), 200, { Date: 'Mon, 23 Nov 2026 08:00:00 GMT' }) })
    const form = await mountApp(TaskComposer, { props })
    for (let count = 0; count < 2; count += 1) {
      await form.find('input[name=title]').setValue('Paint the jetty')
      await form.find('form').trigger('submit')
      await flushPromises()
    }
    const years = calls.map(({ json: body }) => new Date(parseInt((body as { id: string }).id.replace('-', '').slice(0, 12), 16)).getUTCFullYear())
    expect(years).toEqual([2030, 2026])
    vi.useRealTimers()
    noteServerTime(new Date().toUTCString())
  })
})
