import { vi } from 'vitest'
import type { AppConfig, Task } from '@/api/types'

/** Fakes for the network: in tests, everything above it is real. */

export interface Call {
  method: string
  /** Path and query. */
  url: string
  token: string | null
  json: unknown
}

export type Answer = Response | Error | Promise<Response>

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

export const failure = (status: number, code: string, message: string, fields?: Record<string, string>) =>
  json({ error: { code, message, fields, requestId: 'r' } }, status)

/** Replaces fetch with answers by function name. Returns the list of calls. */
export function stubFetch(answers: Record<string, (call: Call) => Answer>): Call[] {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit): Promise<Response> => {
    const header = new Headers(init.headers).get('Authorization')
    const call: Call = {
      method: init.method ?? 'GET',
      url,
      token: header?.replace('Bearer ', '') ?? null,
      json: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    }
    calls.push(call)
    const name = /^\/function\/([^?]*)/.exec(url)?.[1] ?? url
    const answer = answers[name]
    if (answer === undefined) throw new Error(`no answer for ${url}`)
    const aborted = new Promise<never>((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => { reject(new DOMException('aborted', 'AbortError')) })
    })
    const settled = await Promise.race([answer(call), aborted])
    if (settled instanceof Error) throw settled
    return settled
  })
  return calls
}

/** Returns an answer that loses the connection for the first calls. */
export function loses(calls: number, then: (call: Call) => Answer): (call: Call) => Answer {
  let left = calls
  return (call) => (left-- > 0 ? new TypeError('connection lost') : then(call))
}

/** Awaits work while fake timers run for longer than a write is repeated. */
export async function longWait<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined) // it may fail before it is awaited
  await vi.advanceTimersByTimeAsync(10_000)
  return work
}

/** An XMLHttpRequest that the test drives. */
export class FakeUpload extends EventTarget {
  static last: FakeUpload
  readonly upload = new EventTarget()
  readonly headers: Record<string, string> = {}
  method = ''
  url = ''
  status = 0
  responseText = ''
  body: unknown

  open(method: string, url: string): void {
    Object.assign(this, { method, url })
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value
  }

  getResponseHeader(): string | null {
    return null
  }

  send(body: unknown): void {
    this.body = body
    FakeUpload.last = this
  }

  sent(bytes: number): void {
    this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: bytes }))
  }

  allSent(): void {
    this.upload.dispatchEvent(new Event('load'))
  }

  answer(status: number, body: unknown): void {
    Object.assign(this, { status, responseText: typeof body === 'string' ? body : JSON.stringify(body) })
    this.end('load')
  }

  end(kind: 'load' | 'error' | 'abort'): void {
    this.dispatchEvent(new Event(kind))
    this.dispatchEvent(new Event('loadend'))
  }

  abort(): void {
    this.end('abort')
  }
}

/** Cuts the connection to other tabs: here, those of other tests. */
export const stubTabs = () => vi.stubGlobal('BroadcastChannel', class {
  postMessage() { return undefined }
})

export const stubUploads = () => vi.stubGlobal('XMLHttpRequest', FakeUpload)

export function makeTask(changes: Partial<Task> = {}): Task {
  return {
    id: '01900000-0000-7000-8000-000000000001',
    title: 'Paint the jetty',
    body: '',
    dueDate: '2026-11-23',
    completed: false,
    createdAt: '2026-11-20T08:00:00Z',
    updatedAt: '2026-11-20T08:00:00Z',
    version: 1,
    upload: false,
    imageStatus: 'none',
    labels: [],
    predictions: [],
    uploading: false,
    uploadError: null,
    ...changes,
  }
}

const seen = [
  ['pier', 0.25], ['lakeside', 0.15], ['breakwater', 0.09], ['seashore', 0.08], ['dock', 0.05],
  ['promontory', 0.04], ['catamaran', 0.03], ['container ship', 0.02], ['drilling platform', 0.01], ['yawl', 0.005],
] as const

/** Returns the task after its photo has been recognised. */
export function recognised(task: Task): Task {
  return {
    ...task,
    version: task.version + 1,
    upload: true,
    imageStatus: 'done',
    labels: seen.map(([label]) => label),
    predictions: seen.map(([label, score]) => ({ label, score })),
  }
}

/** Returns what upload-url answers for a task: a path of its own for each version. */
export function announced(task: Task) {
  const awaiting = { ...task, version: task.version + 1, uploading: true, uploadError: null }
  return {
    url: `/uploads/u/${task.id}/${awaiting.version.toString()}?X-Amz-Signature=s`, headers: { 'Content-Type': 'image/jpeg' },
    expiresAt: '2026-11-28T08:10:00Z', task: awaiting,
  }
}

export const appConfig: AppConfig = {
  gateway: '',
  registration: true,
  uploads: 'both',
  limits: { pictureBytes: 16 * 2 ** 20, pictureTypes: ['image/jpeg', 'image/png', 'image/webp'], titleLength: 255, bodyBytes: 65_535 },
}

export const grant = { token: 'token-1', username: 'demo', expiresAt: '2026-11-30T08:00:00Z' }

export const loginGrant = { ...grant, device: 'device-1' }
