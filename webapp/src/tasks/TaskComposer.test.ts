import { flushPromises } from '@vue/test-utils'
import { describe, expect, test } from 'vitest'
import { useDraftsStore } from './drafts'
import { useNoticesStore } from '@/ui/notices'
import { useTasksStore } from './tasks'
import { failure, json, makeTask, stubFetch } from '@/testing/edge'
import { mountApp } from '@/testing/mount'
import { text } from '@/ui/text'
import TaskComposer from './TaskComposer.vue'

const props = { today: '2026-11-23' }

describe('the form for a new task', () => {
  test('uses today as the due date, and is empty afterwards', async () => {
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('  Paint the jetty ')
    await form.find('textarea').setValue('Two coats')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls[0]?.json).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{14}7/) as string, title: 'Paint the jetty', body: 'Two coats', dueDate: '2026-11-23' })
    expect(form.find<HTMLInputElement>('input[name=title]').element.value).toBe('')
    expect(useTasksStore().list).toEqual([makeTask()])
    expect(useNoticesStore().list).toMatchObject([{ kind: 'added', title: 'Paint the jetty', unseen: true }])
  })

  test('says so when the filter hides the new task', async () => {
    stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    useTasksStore().filter.q = 'zebra'
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
    await form.find('textarea').setValue('Two coats')
    await form.find('textarea').trigger('keydown', { key: 'Escape' })
    expect(form.classes()).toContain('open')
  })

  test('creates one task when submitted twice', async () => {
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    void form.find('form').trigger('submit')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls).toHaveLength(1)
  })
})
