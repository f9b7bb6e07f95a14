import { cancelledProblem, networkProblem, problemOf } from './problem'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  query?: Record<string, string>
  json?: unknown
  token?: string
  signal?: AbortSignal | undefined
  /** Whether the request goes on when the page does not. */
  keepalive?: boolean
}

/** The address of a function, on the origin the app came from. */
export function functionURL(name: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString()
  return search === '' ? `/function/${name}` : `/function/${name}?${search}`
}

/** The answer of a function that succeeded; throws a Problem else. */
export async function request(url: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, image/*' })
  if (options.token !== undefined) headers.set('Authorization', `Bearer ${options.token}`)
  if (options.json !== undefined) headers.set('Content-Type', 'application/json')
  let response: Response
  try {
    response = await fetch(url, {
      method: options.method ?? 'GET',
      headers,
      body: options.json === undefined ? null : JSON.stringify(options.json),
      signal: options.signal ?? null,
      credentials: 'omit',
      keepalive: options.keepalive ?? false,
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
