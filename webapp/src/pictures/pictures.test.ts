import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test } from 'vitest'
import { failure, FakeUpload, grant, json, makeTask, recognised, stubFetch, stubTabs, stubUploads } from '@/testing/edge'
import { text } from '@/ui/text'
import { usePicturesStore } from './pictures'
import { useTasksStore } from '@/tasks/tasks'

const task = makeTask()
const file = new File(['12345678'], 'photo.jpg', { type: 'image/jpeg' })

beforeEach(() => {
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  useTasksStore().put(task)
  stubUploads()
  stubFetch({ 'get-tasks': () => json(task) })
})

describe('a photo', () => {
  test('goes up, is looked at, and brings the task its labels', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.sent(2)
    expect(pictures.uploads.get(task.id)).toMatchObject({ phase: 'uploading', sent: 0.25 })
    FakeUpload.last.allSent()
    expect(pictures.uploads.get(task.id)).toMatchObject({ phase: 'recognising', sent: 1 })
    FakeUpload.last.answer(200, recognised(task))
    await done
    expect(pictures.uploads.has(task.id)).toBe(false)
    expect(useTasksStore().get(task.id)?.labels[0]).toBe('pier')
  })

  test('that is refused says why in the server’s words, and the next one clears them', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.answer(422, { error: { code: 'broken', message: 'This picture is broken.' } })
    await done
    expect(pictures.problems.get(task.id)).toEqual({ words: 'This picture is broken.', retry: null })
    expect(pictures.uploads.size).toBe(0)
    void pictures.attach(task.id, file)
    await flushPromises()
    expect(pictures.problems.size).toBe(0)
  })

  test('that is kept while the classifier is away shows as waiting, not as lost', async () => {
    const pictures = usePicturesStore()
    stubFetch({ 'get-tasks': () => json({ ...task, version: 2, upload: true, imageStatus: 'pending' }) })
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.answer(503, { error: { code: 'unavailable', message: 'The classifier can’t be reached.' } })
    await done
    expect(useTasksStore().get(task.id)?.imageStatus).toBe('pending')
    expect(pictures.problems.size).toBe(0)
  })

  test('that could not be kept says so, even when the server is out of reach after it', async () => {
    const pictures = usePicturesStore()
    stubFetch({ 'get-tasks': () => failure(503, 'unavailable', 'Later.') })
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.end('error')
    await done
    expect(pictures.problems.get(task.id)?.words).toBe(text.problem.network)
  })

  test('can be cancelled without a word of failure', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    pictures.cancel(task.id)
    await done
    expect(pictures.uploads.size).toBe(0)
    expect(pictures.problems.size).toBe(0)
  })

  test('chosen while another is under way takes its place', async () => {
    const pictures = usePicturesStore()
    const first = pictures.attach(task.id, file)
    await flushPromises()
    const other = new File(['1234'], 'other.png', { type: 'image/png' })
    const second = pictures.attach(task.id, other)
    await flushPromises()
    await first
    expect(pictures.uploads.get(task.id)?.file).toBe(other)
    FakeUpload.last.answer(200, recognised(task))
    await second
    expect(pictures.uploads.size).toBe(0)
  })

  test.each([
    ['too large', new File([new Uint8Array(17 * 2 ** 20)], 'a.jpg', { type: 'image/jpeg' }), 'too large'],
    ['of another kind', new File(['x'], 'a.txt', { type: 'text/plain' }), text.picture.wrongKind],
    ['empty', new File([], 'a.jpg', { type: 'image/jpeg' }), text.picture.empty],
  ])('that is %s is not sent', async (_name, refused, words) => {
    const pictures = usePicturesStore()
    await pictures.attach(task.id, refused)
    expect(pictures.problems.get(task.id)?.words).toContain(words)
    expect(pictures.uploads.size).toBe(0)
  })

  test('on its way stops when the session does, and can go on in the next', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    pictures.interrupt()
    await done
    expect(pictures.uploads.size).toBe(0)
    const problem = pictures.problems.get(task.id)
    expect(problem?.words).toBe(text.picture.interrupted)
    const first = FakeUpload.last
    void problem?.retry?.()
    await flushPromises()
    expect(FakeUpload.last).not.toBe(first)
    expect(FakeUpload.last.body).toBe(file)
    pictures.reset()
    expect([pictures.uploads.size, pictures.problems.size]).toEqual([0, 0])
  })
})
