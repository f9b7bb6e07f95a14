import { functionURL, received, request, requestJSON, type RequestOptions } from './request'
import type {
  AppConfig, Credentials, Login, LoginGrant, NewTask, PasswordChange, PictureSize, PresignedUpload, SessionGrant, Task, TaskChange,
} from './types'
import { upload, type UploadOptions } from './upload'
import { write } from './write'

export interface TaskPage {
  tasks: Task[]
  /** The query for the next page; null on the last. */
  next: Record<string, string> | null
}

const call = async <T>(name: string, options: RequestOptions, query?: Record<string, string>) =>
  requestJSON<T>(await functionURL(name, query), options)

/**
 * The one client of Snaptask's functions. Each call throws a Problem when it fails. Writes are sent even if the page closes, and
 * repeated while their outcome is unknown; photos are not, because they are large.
 */
export const functions = {
  appConfig: (signal: AbortSignal) => requestJSON<AppConfig>('/config.json', { signal }),

  register: (credentials: Credentials) =>
    write(() => call<{ username: string }>('register', { method: 'POST', json: credentials })),

  login: (login: Login) => call<LoginGrant>('login', { method: 'POST', json: login }),

  logout: (token: string) =>
    write(() => call<Record<string, never>>('logout', { method: 'POST', token, keepalive: true }), { code: 'unauthorized', result: {} }),

  changePassword: (token: string, change: PasswordChange) =>
    write(() => call<SessionGrant>('change-password', { method: 'POST', json: change, token })),

  deleteAccount: (token: string, currentPassword: string) =>
    write(() => call<Record<string, never>>('delete-account', { method: 'POST', json: { currentPassword }, token }), {
      code: 'unauthorized', result: {},
    }),

  async getTasks(token: string, query: Record<string, string>, signal?: AbortSignal): Promise<TaskPage> {
    const response = await request(await functionURL('get-tasks', query), { token, signal })
    const tasks = await received(response.json() as Promise<Task[]>, signal)
    return { tasks, next: nextQuery(response.headers.get('Link')) }
  },

  getTask: (token: string, id: string) => call<Task>('get-tasks', { token }, { id }),

  createTask: (token: string, task: NewTask) =>
    write(() => call<Task>('create-task', { method: 'POST', json: task, token, keepalive: true })),

  updateTask: (token: string, id: string, change: TaskChange) =>
    write(() => call<Task>('update-task', { method: 'PATCH', json: change, token, keepalive: true }, { id })),

  deleteTask: (token: string, id: string) =>
    write(() => call<{ deleted: string }>('delete-task', { method: 'DELETE', token, keepalive: true }, { id })),

  /** Sends a picture and waits for its labels. */
  predictImage: async (token: string, id: string, file: Blob, options: Omit<UploadOptions, 'headers'>) =>
    upload<Task>(await functionURL('predict-image', { id }), file, {
      ...options, headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
    }),

  /** Announces a picture, which is then sent to the returned URL. A repeat replaces the announcement. */
  uploadURL: (token: string, id: string, { size: bytes, type: contentType }: Blob) =>
    write(() => call<PresignedUpload>('upload-url', { method: 'POST', json: { bytes, contentType }, token }, { id })),

  /** Ends a task's awaiting of a picture that was announced, and forgets what was wrong with the last one. */
  withdrawUpload: (token: string, id: string) =>
    write(() => call<Task>('upload-url', { method: 'DELETE', token, keepalive: true }, { id })),

  /** Asks the classifier again about a task's picture. */
  predictAgain: (token: string, id: string, signal?: AbortSignal) =>
    call<Task>('predict-image', { method: 'POST', token, signal }, { id }),

  deleteImage: (token: string, id: string) =>
    write(() => call<Task>('delete-image', { method: 'DELETE', token, keepalive: true }, { id })),

  async getImage(token: string, id: string, size: PictureSize, signal?: AbortSignal): Promise<Blob> {
    const response = await request(await functionURL('get-image', { id, size }), { token, signal })
    return received(response.blob(), signal)
  },
}

/** Returns the query in a Link header `<?...>; rel="next"`; a function does not know its own path. */
export function nextQuery(link: string | null): Record<string, string> | null {
  const match = /<\?([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')
  return match?.[1] === undefined ? null : Object.fromEntries(new URLSearchParams(match[1]))
}
