import { noteServerTime } from './clock'
import { cancelledProblem, networkProblem, problemOf } from './problem'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  json?: unknown
  token?: string
  signal?: AbortSignal | undefined
  /** Lets the request outlive the page, as long as its body is small. */
  keepalive?: boolean
}

let gateway = Promise.resolve('')

/** Sets the base URL of the functions, for which calls wait; '' is the app's own origin. */
export function setGateway(url: Promise<string>): void {
  gateway = url
}

export async function functionURL(name: string, query: Record<string, string> = {}): Promise<string> {
  const search = new URLSearchParams(query).toString()
  return `${await gateway}/function/${name}${search === '' ? '' : `?${search}`}`
}

/** Browsers allow 64 KiB for the bodies of all keepalive requests together. */
const keepaliveLimit = 16_000

/** Returns a successful response; throws a Problem otherwise. */
export async function request(url: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, image/*' })
  if (options.token !== undefined) headers.set('Authorization', `Bearer ${options.token}`)
  if (options.json !== undefined) headers.set('Content-Type', 'application/json')
  const body = options.json === undefined ? null : JSON.stringify(options.json)
  const response = await received(fetch(url, {
    method: options.method ?? 'GET',
    headers,
    body,
    signal: options.signal ?? null,
    keepalive: options.keepalive === true && (body?.length ?? 0) < keepaliveLimit,
  }), options.signal)
  noteServerTime(response.headers.get('Date'))
  if (!response.ok) throw problemOf(response.status, await received(response.text(), options.signal), response.headers.get('Retry-After'))
  return response
}

/** Turns whatever goes wrong while a response or its body arrives into a Problem. */
export async function received<T>(arriving: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await arriving
  } catch {
    throw signal?.aborted ? cancelledProblem() : networkProblem()
  }
}

export async function requestJSON<T>(url: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(url, options)
  return received(response.json() as Promise<T>, options.signal)
}
