import { cancelledProblem, networkProblem, problemOf } from './problem'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  json?: unknown
  token?: string
  signal?: AbortSignal | undefined
  /** Whether the request goes on when the page does not, as long as its body is small. */
  keepalive?: boolean
}

let gateway = ''

/** Says where functions are called: what comes before /function/NAME, '' for the origin that the app came from. */
export function callFunctionsAt(base: string): void {
  gateway = base
}

/** The address of a function. */
export function functionURL(name: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString()
  return `${gateway}/function/${name}${search === '' ? '' : `?${search}`}`
}

/** The most bytes of a body for which a request may outlive the page: browsers allow 64 KiB for all such requests together. */
const keepaliveLimit = 16_000

/** The answer of a function that succeeded; throws a Problem else. */
export async function request(url: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, image/*' })
  if (options.token !== undefined) headers.set('Authorization', `Bearer ${options.token}`)
  if (options.json !== undefined) headers.set('Content-Type', 'application/json')
  const body = options.json === undefined ? null : JSON.stringify(options.json)
  let response: Response
  try {
    response = await fetch(url, {
      method: options.method ?? 'GET',
      headers,
      body,
      signal: options.signal ?? null,
      keepalive: options.keepalive === true && (body?.length ?? 0) < keepaliveLimit,
    })
  } catch {
    throw options.signal?.aborted ? cancelledProblem() : networkProblem()
  }
  if (!response.ok) throw problemOf(response.status, await bodyOf(response.text(), options.signal))
  return response
}

/** The answer's body, where reading it may still fail as the call itself may. */
export async function bodyOf<T>(reading: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await reading
  } catch {
    throw signal?.aborted ? cancelledProblem() : networkProblem()
  }
}

/** The answer as JSON; its shape is the function's promise. */
export async function requestJSON<T>(url: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(url, options)
  return bodyOf(response.json() as Promise<T>, options.signal)
}
