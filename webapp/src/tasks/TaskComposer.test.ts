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
  test('asks for today unless told otherwise, and is empty again afterwards', async () => {
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('  Paint the jetty ')
    await form.find('textarea').setValue('Two coats')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls[0]?.json).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{14}7/) as string, title: 'Paint the jetty', body: 'Two coats', dueDate: '2026-11-23' })
    expect(form.find<HTMLInputElement>('input[name=title]').element.value).toBe('')
    expect(useTasksStore().list).toEqual([makeTask()])
    expect(useNoticesStore().list).toMatchObject([{ text: text.tasks.created('Paint the jetty'), unseen: true }])
  })

  test('says so when what is looked for hides the new task', async () => {
    stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    useTasksStore().filter.q = 'zebra'
    await form.find('input[name=title]').setValue('Paint the jetty')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(useNoticesStore().list).toMatchObject([{ text: text.tasks.createdElsewhere('Paint the jetty'), unseen: false }])
  })

  test('sends nothing without a title or a day', async () => {
    const calls = stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('   ')
    await form.find('input[name=due]').setValue('')
    await form.find('form').trigger('submit')
    expect(form.text()).toContain(text.compose.titleMissing)
    expect(form.text()).toContain(text.compose.dueMissing)
    expect(form.find('input[name=title]').attributes('aria-invalid')).toBe('true')
    expect(calls).toEqual([])
  })

  test('says what is too long, in characters and bytes, and sends nothing', async () => {
    const calls = stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('🦆'.repeat(256))
    await form.find('textarea').setValue('é'.repeat(32_768))
    await form.find('form').trigger('submit')
    expect(form.text()).toContain(text.compose.titleLong('256', '255'))
    expect(form.text()).toContain(text.compose.bodyLong('65,536', '65,535'))
    expect(calls).toEqual([])
  })

  test('goes with the day until one is chosen', async () => {
    stubFetch({})
    const form = await mountApp(TaskComposer, { props })
    const day = form.find<HTMLInputElement>('input[name=due]')
    await form.setProps({ today: '2026-11-24' })
    expect(day.element.value).toBe('2026-11-24')
    await day.setValue('2026-12-24')
    await form.setProps({ today: '2026-11-25' })
    expect(day.element.value).toBe('2026-12-24')
  })

  test('keeps what was typed when the server refuses, says why at the field, and goes there', async () => {
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

  test('says that something is wrong where no field of it can', async () => {
    stubFetch({ 'create-task': () => failure(400, 'invalid_fields', 'Some fields are not valid.', { id: 'must be a UUID', body: 'is too long' }) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.text()).toContain('Some fields are not valid.')
  })

  test('refuses what is no photo, and keeps the photo that it has', async () => {
    const form = await mountApp(TaskComposer, { props })
    const composer = form.vm as unknown as { choose: (file: File) => void }
    const { composed } = useDraftsStore()
    const photo = new File(['1'], 'pier.jpg', { type: 'image/jpeg' })
    composer.choose(photo)
    composer.choose(new File(['1'], 'list.pdf', { type: 'application/pdf' }))
    await form.vm.$nextTick()
    expect(form.text()).toContain(text.picture.wrongKind)
    expect(composed.photo?.name).toBe('pier.jpg')
    await form.find('img').trigger('error')
    expect(form.text()).toContain(text.picture.broken)
    expect(composed.photo).toBeNull()
  })

  test('is folded by Escape, but never over something that was written', async () => {
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').trigger('focusin')
    expect(form.classes()).toContain('open')
    await form.find('input[name=title]').trigger('keydown', { key: 'Escape' })
    expect(form.classes()).not.toContain('open')
    await form.find('textarea').setValue('Two coats')
    await form.find('textarea').trigger('keydown', { key: 'Escape' })
    expect(form.classes()).toContain('open')
  })

  test('makes one task when sent twice at once', async () => {
    const calls = stubFetch({ 'create-task': () => json(makeTask()) })
    const form = await mountApp(TaskComposer, { props })
    await form.find('input[name=title]').setValue('Paint the jetty')
    void form.find('form').trigger('submit')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(calls).toHaveLength(1)
  })
})
