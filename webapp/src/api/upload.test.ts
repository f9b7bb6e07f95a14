import { beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeUpload, stubUploads } from '@/testing/edge'
import { upload, uploadTo } from './upload'

const file = new Blob(['12345678'])
let controller: AbortController
let sent: number[]

function start(): Promise<unknown> {
  return upload('/function/predict-image?id=7', file, {
    headers: { Authorization: 'Bearer t' }, signal: controller.signal, onSent: (bytes) => sent.push(bytes),
  })
}

beforeEach(() => {
  stubUploads()
  controller = new AbortController()
  sent = []
})

describe('an upload', () => {
  test('sends the bytes unchanged, reports progress, and returns the response', async () => {
    const result = start()
    const call = FakeUpload.last
    expect(call).toMatchObject({ method: 'PUT', url: '/function/predict-image?id=7', body: file })
    expect(call.headers.Authorization).toBe('Bearer t')
    call.sent(3)
    call.allSent()
    call.answer(200, { id: '7' })
    await expect(result).resolves.toEqual({ id: '7' })
    expect(sent).toEqual([3, 8])
  })

  test('that is refused reports why', async () => {
    const result = start()
    FakeUpload.last.answer(422, { error: { code: 'broken', message: 'This picture is broken.' } })
    await expect(result).rejects.toMatchObject({ status: 422, code: 'broken', message: 'This picture is broken.' })
  })

  test('with a response that is not JSON is a problem, not a crash', async () => {
    const result = start()
    FakeUpload.last.answer(200, '<html>')
    await expect(result).rejects.toMatchObject({ code: 'unreadable' })
  })

  test('that loses its connection is a network problem', async () => {
    const result = start()
    FakeUpload.last.end('error')
    await expect(result).rejects.toMatchObject({ code: 'network' })
  })

  test('can be cancelled, before it starts too', async () => {
    const result = start()
    controller.abort()
    await expect(result).rejects.toMatchObject({ cancelled: true })
    await expect(start()).rejects.toMatchObject({ cancelled: true })
  })

  test('times out when nothing is sent', async () => {
    vi.useFakeTimers()
    const result = start()
    const outcome = expect(result).rejects.toMatchObject({ code: 'network' })
    vi.advanceTimersByTime(60_000)
    FakeUpload.last.sent(3)
    vi.advanceTimersByTime(60_000)
    FakeUpload.last.sent(4)
    vi.advanceTimersByTime(120_000)
    await outcome
    expect(sent).toEqual([3, 4])
    vi.useRealTimers()
  })

  test('times out without a response', async () => {
    vi.useFakeTimers()
    const result = start()
    const outcome = expect(result).rejects.toMatchObject({ code: 'network' })
    FakeUpload.last.allSent()
    vi.advanceTimersByTime(120_000)
    await outcome
    vi.useRealTimers()
  })
})

describe('an upload to a presigned URL', () => {
  const startTo = (url: string) => uploadTo(url, file, {
    headers: { 'Content-Type': 'image/png' }, signal: controller.signal, onSent: (bytes) => sent.push(bytes),
  })

  test('sends nothing but what was signed, and needs no body in the response', async () => {
    const result = startTo('/uploads/u/t/i?X-Amz-Signature=s')
    expect(FakeUpload.last).toMatchObject({ method: 'PUT', url: '/uploads/u/t/i?X-Amz-Signature=s', headers: { 'Content-Type': 'image/png' }, body: file })
    FakeUpload.last.answer(200, '')
    await expect(result).resolves.toBeUndefined()
  })

  test.each([
    [403, '<Error><Code>AccessDenied</Code></Error>', 'upload_refused'],
    [403, { error: { code: 'upload_refused', message: 'It expired.' } }, 'upload_refused'],
    [503, { error: { code: 'unavailable', message: 'Later.' } }, 'unavailable'],
    [500, '<Error><Code>InternalError</Code></Error>', 'unreadable'],
  ])('that is refused with %i %j has the code %s', async (status, body, code) => {
    const result = startTo('https://objects.test/bucket/uploads/u/t/i')
    FakeUpload.last.answer(status, body)
    await expect(result).rejects.toMatchObject({ status, code })
  })
})
