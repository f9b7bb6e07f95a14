import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Task } from '@/api/types'
import { useNoticesStore } from '@/stores/notices'
import { useTasksStore } from '@/stores/tasks'
import { failure, FakeUpload, json, makeTask, recognised, stubFetch, stubUploads } from '@/testing/edge'
import { button, mountApp } from '@/testing/mount'
import { text } from '@/text'
import TaskCard from './TaskCard.vue'

const task = makeTask()
const photo = new File(['12345678'], 'photo.jpg', { type: 'image/jpeg' })

async function mountCard(shown: Task) {
  const card = await mountApp(TaskCard, { props: { task: shown, today: '2026-11-23' } })
  const tasks = useTasksStore()
  tasks.put(shown)
  tasks.$subscribe(() => { void card.setProps({ task: tasks.byId.get(shown.id) ?? shown }) }, { flush: 'sync' })
  return card
}

beforeEach(() => {
  stubUploads()
  // Everything is in sight.
  vi.stubGlobal('IntersectionObserver', class {
    constructor(private readonly seen: (entries: { isIntersecting: boolean }[]) => void) {}
    observe() { this.seen([{ isIntersecting: true }]) }
    disconnect() { return undefined }
  })
})

describe('a task’s photo', () => {
  test('shows how far it has come, then its labels, the weak ones folded', async () => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard(task)
    const input = card.find<HTMLInputElement>('input[type=file]')
    Object.defineProperty(input.element, 'files', { value: [photo] })
    await input.trigger('change')
    FakeUpload.last.sent(2)
    await flushPromises()
    expect(card.text()).toContain('25%')
    expect(card.find('progress').attributes('value')).toBe('0.25')
    FakeUpload.last.allSent()
    await flushPromises()
    expect(card.text()).toContain(text.picture.recognising)
    expect(card.find('progress').attributes('value')).toBeUndefined()
    FakeUpload.last.answer(200, recognised(task))
    await flushPromises()

    expect(card.findAll('.chip').map((chip) => chip.find('span').text())).toEqual(['pier', 'lakeside', 'breakwater'])
    expect(useNoticesStore().list.map((notice) => notice.text)).toEqual(['Photo recognised: pier, lakeside, breakwater.'])
    await button(card, text.labels.showAll(10)).trigger('click')
    expect(card.findAll('.chip')).toHaveLength(10)
    expect(button(card, text.labels.showFewer).attributes('aria-expanded')).toBe('true')
  })

  test('can be cancelled while it is on its way', async () => {
    stubFetch({ 'get-tasks': () => json(task) })
    const card = await mountCard(task)
    const input = card.find<HTMLInputElement>('input[type=file]')
    Object.defineProperty(input.element, 'files', { value: [photo] })
    await input.trigger('change')
    await button(card, text.picture.cancelNamed(task.title)).trigger('click')
    await flushPromises()
    expect(card.find('progress').exists()).toBe(false)
    expect(card.find('[role=alert]').exists()).toBe(false)
  })

  test('comes with the token and opens in full', async () => {
    const calls = stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard(recognised(task))
    await flushPromises()
    await button(card, text.picture.open(task.title)).trigger('click')
    await flushPromises()
    expect(calls.map(({ url, token }) => `${url} ${token ?? ''}`)).toEqual([
      `/function/get-image?id=${task.id}&size=thumb token-1`, `/function/get-image?id=${task.id}&size=full token-1`,
    ])
    expect(card.find('dialog img').attributes('alt')).toBe(text.picture.of(task.title))
    expect(card.find('dialog img').attributes('src')).toMatch(/^blob:/)
  })

  test.each([['pending', text.picture.pending], ['failed', text.picture.failed]] as const)('that is %s says so', async (imageStatus, words) => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const card = await mountCard({ ...task, upload: true, imageStatus })
    expect(card.text()).toContain(words)
  })

  test('that waits can be asked about again', async () => {
    stubFetch({
      'get-image': () => new Response('bytes'),
      'get-tasks': () => json({ ...recognised(task), version: 3 }),
    })
    const card = await mountCard({ ...task, version: 2, upload: true, imageStatus: 'pending' })
    await button(card, text.picture.check).trigger('click')
    await flushPromises()
    expect(card.text()).toContain('pier')
  })
})

describe('deleting a task', () => {
  test('is asked about first, and can be left', async () => {
    const calls = stubFetch({})
    const card = await mountCard(task)
    await button(card, text.task.deleteNamed(task.title)).trigger('click')
    expect(card.find('dialog').text()).toContain(text.task.deleteQuestion(task.title))
    await button(card, text.task.keep).trigger('click')
    expect(card.find('dialog').exists()).toBe(false)
    expect(calls).toEqual([])
  })

  test('takes it off the list and says so', async () => {
    const calls = stubFetch({ 'delete-task': () => json({ deleted: task.id }) })
    const card = await mountCard(task)
    await button(card, text.task.deleteNamed(task.title)).trigger('click')
    await card.find('dialog .danger').trigger('click')
    await flushPromises()
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`DELETE /function/delete-task?id=${task.id}`])
    expect(useTasksStore().list).toEqual([])
    expect(useNoticesStore().list[0]?.text).toBe(text.tasks.deleted(task.title))
  })

  test('that fails keeps the question open and says why', async () => {
    stubFetch({ 'delete-task': () => failure(503, 'unavailable', 'The database can’t be reached.') })
    const card = await mountCard(task)
    await button(card, text.task.deleteNamed(task.title)).trigger('click')
    await card.find('dialog .danger').trigger('click')
    await flushPromises()
    expect(card.find('dialog').text()).toContain('The database can’t be reached.')
    expect(useTasksStore().list).toHaveLength(1)
  })
})
