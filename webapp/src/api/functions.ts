import { bodyOf, functionURL, request, requestJSON } from './request'
import type {
  AppConfig, Credentials, NewTask, PasswordChange, PictureSize, SessionGrant, Task, TaskChange,
} from './types'
import { upload, type UploadOptions } from './upload'

/** One page of tasks, and how to ask for the next. */
export interface TaskPage {
  tasks: Task[]
  /** The query of the next page; null on the last. */
  next: Record<string, string> | null
}

/**
 * The functions of Snaptask, one by one. Each throws a Problem when it does not succeed. What changes something goes through
 * even when the page goes away meanwhile.
 */
export const functions = {
  appConfig: (signal: AbortSignal) => requestJSON<AppConfig>('/config.json', { signal }),

  register: (credentials: Credentials) =>
    requestJSON<{ username: string }>(functionURL('register'), { method: 'POST', json: credentials }),

  login: (credentials: Credentials) =>
    requestJSON<SessionGrant>(functionURL('login'), { method: 'POST', json: credentials }),

  logout: (token: string) =>
    requestJSON<Record<string, never>>(functionURL('logout'), { method: 'POST', token, keepalive: true }),

  changePassword: (token: string, change: PasswordChange) =>
    requestJSON<SessionGrant>(functionURL('change-password'), { method: 'POST', json: change, token }),

  deleteAccount: (token: string, currentPassword: string) =>
    requestJSON<Record<string, never>>(functionURL('delete-account'), { method: 'POST', json: { currentPassword }, token }),

  async getTasks(token: string, query: Record<string, string>, signal?: AbortSignal): Promise<TaskPage> {
    const response = await request(functionURL('get-tasks', query), { token, signal })
    const tasks = await bodyOf(response.json() as Promise<Task[]>, signal)
    return { tasks, next: nextQuery(response.headers.get('Link')) }
  },

  getTask: (token: string, id: string) =>
    requestJSON<Task>(functionURL('get-tasks', { id }), { token }),

  createTask: (token: string, task: NewTask) =>
    requestJSON<Task>(functionURL('create-task'), { method: 'POST', json: task, token, keepalive: true }),

  updateTask: (token: string, id: string, change: TaskChange) =>
    requestJSON<Task>(functionURL('update-task', { id }), { method: 'PATCH', json: change, token, keepalive: true }),

  deleteTask: (token: string, id: string) =>
    requestJSON<{ deleted: string }>(functionURL('delete-task', { id }), { method: 'DELETE', token, keepalive: true }),

  predictImage: (id: string, file: Blob, options: UploadOptions) =>
    upload<Task>(functionURL('predict-image', { id }), file, options),

  /** Lets the classifier look again at the picture that a task has. */
  predictAgain: (token: string, id: string, signal?: AbortSignal) =>
    requestJSON<Task>(functionURL('predict-image', { id }), { method: 'POST', token, signal }),

  /** Takes the picture off a task. */
  deleteImage: (token: string, id: string) =>
    requestJSON<Task>(functionURL('delete-image', { id }), { method: 'DELETE', token, keepalive: true }),

  async getImage(token: string, id: string, size: PictureSize, signal?: AbortSignal): Promise<Blob> {
    const response = await request(functionURL('get-image', { id, size }), { token, signal })
    return bodyOf(response.blob(), signal)
  },
}

/** The query in a Link header `<?...>; rel="next"`, which is relative because a function does not know its own path. */
export function nextQuery(link: string | null): Record<string, string> | null {
  const match = /<\?([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')
  return match?.[1] === undefined ? null : Object.fromEntries(new URLSearchParams(match[1]))
}
