import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { useConfigStore } from '@/api/config'
import type { Task } from '@/api/types'
import { useTasksStore } from '@/tasks/tasks'
import { announced, appConfig, failure, FakeUpload, grant, json, longWait, makeTask, recognised, stubFetch, stubTabs, stubUploads, type Call } from '@/testing/edge'
import { usePicturesStore } from './pictures'

const task = makeTask()
const file = new File([new Uint8Array([0xff, 0xd8, 0xff]), new Uint8Array(2 ** 20)], 'photo.jpg', { type: 'image/jpeg' })
/** The task as the fake server has it. */
let kept: Task
let calls: Call[]

/** Answers as the functions do. */
const functions = {
  'get-tasks': () => json(kept),
  'upload-url': ({ method }: Call) => {
    if (method === 'DELETE') {
      kept = { ...kept, version: kept.version + 1, uploading: false, uploadError: null }
      return json(kept)
    }
    const answer = announced(kept)
    kept = answer.task
    return json(answer)
  },
}

/** What another tab or use-awaited-photos sees. */
function see(now: Task): void {
  kept = now
  useTasksStore().put(now)
}

const labelled = () => ({ ...recognised(kept), uploading: false })
const sentTo = (name: string) => calls.filter(({ url }) => url.includes(name)).map(({ method, json: body }) => [method, body])

beforeEach(() => {
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  useConfigStore().current = appConfig
  kept = task
  useTasksStore().put(task)
  stubUploads()
  calls = stubFetch(functions)
  vi.stubGlobal('createImageBitmap', () => Promise.resolve({ width: 1000, height: 1000, close: () => undefined }))
})

/** Attaches the photo, and waits until it is being sent. */
async function begin() {
  const pictures = usePicturesStore()
  const done = pictures.attach(task.id, file)
  await vi.waitFor(() => { expect(pictures.uploads.get(task.id)?.phase).toBe('uploading') })
  await flushPromises()
  return { pictures, done }
}

describe('a large photo', () => {
  test('is announced, sent to the store with its progress, and labelled later', async () => {
    const { pictures, done } = await begin()
    expect(sentTo('upload-url')).toEqual([['POST', { bytes: file.size, contentType: 'image/jpeg' }]])
    expect(FakeUpload.last).toMatchObject({ url: announced(task).url, headers: { 'Content-Type': 'image/jpeg' }, body: file })
    expect(FakeUpload.last.headers.Authorization, 'the store must not see the session').toBeUndefined()
    FakeUpload.last.sent(file.size / 4)
    expect(pictures.uploads.get(task.id)).toMatchObject({ phase: 'uploading', sent: 0.25 })
    expect(pictures.isSending).toBe(true)
    FakeUpload.last.allSent()
    FakeUpload.last.answer(200, '')
    await flushPromises()
    expect(pictures.uploads.get(task.id)).toMatchObject({ phase: 'recognising', stored: true })
    expect(pictures.isSending, 'the page may close now').toBe(false)
    see(labelled())
    await done
    expect(pictures.uploads.size).toBe(0)
    expect(useTasksStore().get(task.id)?.labels[0]).toBe('pier')
  })

  test('that is refused after it was stored leaves the reason on the task', async () => {
    const { pictures, done } = await begin()
    FakeUpload.last.answer(200, '')
    await flushPromises()
    see({ ...kept, version: 3, uploading: false, uploadError: 'picture_broken' })
    await done
    expect([pictures.uploads.size, pictures.failures.size]).toEqual([0, 0])
    expect(useTasksStore().get(task.id)?.uploadError).toBe('picture_broken')
    pictures.dismissEverywhere(task.id)
    expect(useTasksStore().get(task.id)?.uploadError).toBeNull()
    await flushPromises()
    expect(sentTo('upload-url').at(-1)?.[0]).toBe('DELETE')
    expect(useTasksStore().byID.get(task.id)?.uploadError).toBeNull()
  })

  test('whose URL has expired is sent to a new one, a few times', async () => {
    const { pictures, done } = await begin()
    const urls = new Set<string>()
    for (let attempt = 0; attempt < 3; attempt += 1) {
      urls.add(FakeUpload.last.url)
      FakeUpload.last.answer(403, '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>')
      await flushPromises()
    }
    await done
    expect(urls.size).toBe(3)
    expect(sentTo('upload-url')).toHaveLength(3)
    expect(pictures.failures.get(task.id)).toMatchObject({ problem: { code: 'upload_refused' } })
    expect(pictures.failures.get(task.id)?.retry).not.toBeNull()
  })

  test.each([
    ['refused', failure(403, 'quota_exceeded', 'You have 20,000 photos.'), 'quota_exceeded', false],
    ['one too many', failure(429, 'too_many_uploads', 'You have 100 photos on their way.'), 'too_many_uploads', true],
    ['not possible now', failure(503, 'unavailable', 'Later.'), 'unavailable', true],
  ])('whose announcement is %s is not sent', async (_name, answer, code, retryable) => {
    stubFetch({ ...functions, 'upload-url': () => answer })
    FakeUpload.last = undefined as unknown as FakeUpload
    const pictures = usePicturesStore()
    await pictures.attach(task.id, file)
    expect(pictures.failures.get(task.id)?.problem.code).toBe(code)
    expect(pictures.failures.get(task.id)?.retry !== null).toBe(retryable)
    expect(FakeUpload.last).toBeUndefined()
  })

  test('that breaks off can be sent again, to a new URL', async () => {
    const { pictures, done } = await begin()
    const first = FakeUpload.last
    first.sent(1000)
    first.end('error')
    await done
    expect(pictures.failures.get(task.id)?.problem.code).toBe('network')
    const again = pictures.failures.get(task.id)?.retry?.()
    await vi.waitFor(() => { expect(FakeUpload.last).not.toBe(first) })
    expect(FakeUpload.last.url).not.toBe(first.url)
    FakeUpload.last.answer(200, '')
    await flushPromises()
    see(labelled())
    await again
    expect(pictures.failures.size).toBe(0)
  })

  test('whose answer is lost is not sent again if its labels come', async () => {
    const { pictures, done } = await begin()
    FakeUpload.last.allSent()
    FakeUpload.last.end('error')
    await flushPromises()
    expect(pictures.uploads.get(task.id)?.phase).toBe('recognising')
    see(labelled())
    await done
    expect(pictures.failures.size).toBe(0)
    expect(sentTo('upload-url')).toHaveLength(1)
  })

  test('whose answer is lost and whose labels do not come in time is unknown, until they come', async () => {
    const lost = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(lost.signal)
    const { pictures, done } = await begin()
    FakeUpload.last.allSent()
    FakeUpload.last.end('error')
    await flushPromises()
    lost.abort()
    await done
    expect(pictures.failures.get(task.id)).toMatchObject({ problem: { code: 'outcome_unknown' } })
    see(labelled())
    await flushPromises()
    expect(pictures.failures.size).toBe(0)
  })

  test('that is cancelled is withdrawn, and the next one is announced after that', async () => {
    const { pictures, done } = await begin()
    const order: string[] = []
    let withdrawn: (answer: Response) => void = () => undefined
    calls = stubFetch({
      ...functions,
      'upload-url': (call) => {
        order.push(call.method)
        return call.method === 'DELETE' ? new Promise((resolve) => { withdrawn = resolve }) : functions['upload-url'](call)
      },
    })
    pictures.cancelAndWithdraw(task.id)
    await done
    expect(useTasksStore().get(task.id)?.uploading).toBe(false)
    expect(pictures.failures.size).toBe(0)
    const first = FakeUpload.last
    void pictures.attach(task.id, file)
    await vi.waitFor(() => { expect(pictures.uploads.get(task.id)?.phase).toBe('uploading') })
    expect(order).toEqual(['DELETE'])
    kept = { ...kept, version: kept.version + 1, uploading: false }
    withdrawn(json(kept))
    await vi.waitFor(() => { expect(FakeUpload.last).not.toBe(first) })
    expect(order).toEqual(['DELETE', 'POST'])
    expect(useTasksStore().get(task.id)?.uploading).toBe(true)
  })

  test('that is cancelled while it is announced is withdrawn once that is known', async () => {
    let answer: (response: Response) => void = () => undefined
    calls = stubFetch({
      ...functions,
      'upload-url': (call) => (call.method === 'DELETE' ? functions['upload-url'](call) : new Promise((resolve) => { answer = resolve })),
    })
    FakeUpload.last = undefined as unknown as FakeUpload
    const { pictures, done } = await begin()
    pictures.cancelAndWithdraw(task.id)
    const announcement = announced(task)
    kept = announcement.task
    answer(json(announcement))
    await done
    await flushPromises()
    expect(sentTo('upload-url').map(([method]) => method)).toEqual(['POST', 'DELETE'])
    expect(useTasksStore().byID.get(task.id)?.uploading).toBe(false)
    expect(FakeUpload.last).toBeUndefined()
  })

  test('is announced again if the answer was lost', async () => {
    vi.useFakeTimers()
    let isLost = true
    calls = stubFetch({
      ...functions,
      'upload-url': (call) => {
        const answer = functions['upload-url'](call)
        if (!isLost) return answer
        isLost = false
        return new TypeError('connection lost')
      },
    })
    const done = usePicturesStore().attach(task.id, file)
    await longWait(Promise.resolve())
    vi.useRealTimers()
    await vi.waitFor(() => { expect(sentTo('upload-url')).toHaveLength(2) })
    await flushPromises()
    expect(FakeUpload.last.url).toBe(announced({ ...task, version: 2 }).url)
    FakeUpload.last.answer(200, '')
    await flushPromises()
    see(labelled())
    await done
  })
})
