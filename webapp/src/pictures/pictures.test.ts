import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, FakeUpload, grant, json, longWait, loses, makeTask, recognised, stubFetch, stubTabs, stubUploads } from '@/testing/edge'
import { usePicturesStore } from './pictures'
import { useTasksStore } from '@/tasks/tasks'
import { useNoticesStore } from '@/ui/notices'

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
  test('is uploaded and recognised, and its labels come to the task', async () => {
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

  test('that is refused reports the server’s reason, which the next photo clears', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.answer(422, { error: { code: 'broken', message: 'This picture is broken.' } })
    await done
    expect(pictures.failures.get(task.id)).toMatchObject({ problem: { message: 'This picture is broken.' }, retry: null })
    expect(pictures.uploads.size).toBe(0)
    void pictures.attach(task.id, file)
    await flushPromises()
    expect(pictures.failures.size).toBe(0)
  })

  test('that is stored while the classifier is unavailable is pending, not failed', async () => {
    const pictures = usePicturesStore()
    stubFetch({ 'get-tasks': () => json({ ...task, version: 2, upload: true, imageStatus: 'pending' }) })
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.answer(503, { error: { code: 'unavailable', message: 'The classifier can’t be reached.' } })
    await done
    expect(useTasksStore().get(task.id)?.imageStatus).toBe('pending')
    expect(pictures.failures.size).toBe(0)
  })

  test('that could not be sent reports why, even if the task can’t be refreshed', async () => {
    const pictures = usePicturesStore()
    stubFetch({ 'get-tasks': () => failure(503, 'unavailable', 'Later.') })
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.end('error')
    await done
    expect(pictures.failures.get(task.id)?.problem.code).toBe('network')
  })

  test.each([
    ['was stored', { ...recognised(task) }, undefined],
    ['was not stored', { ...task, title: 'Changed elsewhere', version: 2 }, 'outcome_unknown'],
  ])('whose answer is lost reports what the server has: it %s', async (_name, now, code) => {
    const pictures = usePicturesStore()
    stubFetch({ 'get-tasks': () => json(now) })
    const done = pictures.attach(task.id, file)
    await flushPromises()
    FakeUpload.last.allSent()
    FakeUpload.last.end('error')
    await done
    expect(pictures.failures.get(task.id)?.problem.code).toBe(code)
    expect(useTasksStore().get(task.id)).toEqual(now)
  })

  test('is not taken for removed when only a gateway answers, but when the server has none', async () => {
    const pictures = usePicturesStore()
    const withPhoto = recognised(task)
    useTasksStore().put(withPhoto)
    stubFetch({ 'delete-image': () => new Response('error finding function delete-image', { status: 404 }) })
    pictures.remove(withPhoto)
    await useNoticesStore().settle()
    expect(useTasksStore().get(task.id)?.upload).toBe(true)
    expect(pictures.failures.get(task.id)?.problem.code).toBe('unreadable')

    vi.useFakeTimers()
    stubFetch({
      'delete-image': loses(1, () => failure(404, 'no_picture', 'The task has no photo.')),
      'get-tasks': () => json({ ...task, version: withPhoto.version + 1 }),
    })
    pictures.remove(withPhoto)
    await longWait(useNoticesStore().settle())
    expect(useTasksStore().get(task.id)?.upload).toBe(false)
    expect(pictures.failures.size).toBe(0)
    vi.useRealTimers()
  })

  test('waits while three others are sent, and can be cancelled then', async () => {
    const pictures = usePicturesStore()
    const ids = ['a', 'b', 'c', 'd', 'e']
    for (const id of ids) useTasksStore().put(makeTask({ id }))
    const sent: FakeUpload[] = []
    vi.spyOn(FakeUpload.prototype, 'send').mockImplementation(function (this: FakeUpload) { sent.push(this) })
    const done = ids.map((id) => pictures.attach(id, file))
    await flushPromises()
    const phases = () => ids.map((id) => pictures.uploads.get(id)?.phase)
    expect(phases()).toEqual(['uploading', 'uploading', 'uploading', 'waiting', 'waiting'])
    pictures.cancel('d')
    await done[3]
    sent[0]?.answer(200, recognised(makeTask({ id: 'a' })))
    await flushPromises()
    expect(phases()).toEqual([undefined, 'uploading', 'uploading', undefined, 'uploading'])
    expect(sent.map(({ url }) => url.slice(-1))).toEqual(['a', 'b', 'c', 'e'])
    expect(pictures.failures.size).toBe(0)
  })

  test('is decoded while at most one other is', async () => {
    const decoded: (() => void)[] = []
    vi.stubGlobal('createImageBitmap', () => new Promise((_resolve, reject) => { decoded.push(() => { reject(new DOMException()) }) }))
    const pictures = usePicturesStore()
    const ids = ['a', 'b', 'c']
    for (const id of ids) useTasksStore().put(makeTask({ id }))
    for (const id of ids) void pictures.attach(id, file)
    const phases = () => ids.map((id) => pictures.uploads.get(id)?.phase)
    await vi.waitFor(() => { expect(decoded).toHaveLength(2) })
    expect(phases()).toEqual(['preparing', 'preparing', 'waiting'])
    decoded[0]?.()
    await vi.waitFor(() => { expect(phases()).toEqual(['uploading', 'preparing', 'preparing']) })
  })

  test('can be cancelled without an error', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    pictures.cancel(task.id)
    await done
    expect(pictures.uploads.size).toBe(0)
    expect(pictures.failures.size).toBe(0)
  })

  test('chosen during an upload replaces it', async () => {
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
    ['too large', new File([new Uint8Array(17 * 2 ** 20)], 'a.jpg', { type: 'image/jpeg' }), 'too_large'],
    ['of another kind', new File(['x'], 'a.txt', { type: 'text/plain' }), 'wrong_type'],
    ['of a format that neither the browser nor the server knows', new File(['x'], 'a.heic', { type: 'image/heic' }), 'wrong_type'],
    ['empty', new File([], 'a.jpg', { type: 'image/jpeg' }), 'empty_file'],
  ])('that is %s is not sent', async (_name, refused, code) => {
    const pictures = usePicturesStore()
    await pictures.attach(task.id, refused)
    expect(pictures.failures.get(task.id)?.problem.code).toBe(code)
    expect(pictures.uploads.size).toBe(0)
  })

  test('stops uploading when the session ends, and can be retried in the next', async () => {
    const pictures = usePicturesStore()
    const done = pictures.attach(task.id, file)
    await flushPromises()
    pictures.interrupt()
    await done
    expect(pictures.uploads.size).toBe(0)
    const failure = pictures.failures.get(task.id)
    expect(failure?.problem.code).toBe('interrupted')
    const first = FakeUpload.last
    void failure?.retry?.()
    await flushPromises()
    expect(FakeUpload.last).not.toBe(first)
    expect(FakeUpload.last.body).toBe(file)
    pictures.reset()
    expect([pictures.uploads.size, pictures.failures.size]).toEqual([0, 0])
  })
})
