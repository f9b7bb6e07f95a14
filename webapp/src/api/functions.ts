import { bodyOf, functionURL, request, requestJSON } from './request'
import type { AppConfig, Credentials, PictureSize, SessionGrant, Task, TaskDraft } from './types'
import { upload, type UploadOptions } from './upload'

/** One page of tasks, and how to ask for the next. */
export interface TaskPage {
  tasks: Task[]
  /** The query of the next page; null on the last. */
  next: Record<string, string> | null
}

/** The functions of Snaptask, one by one. Each throws a Problem when it does not succeed. */
export const functions = {
  appConfig: () => requestJSON<AppConfig>('/config.json'),

  register: (credentials: Credentials) =>
    requestJSON<{ username: string }>(functionURL('register'), { method: 'POST', json: credentials }),

  login: (credentials: Credentials) =>
    requestJSON<SessionGrant>(functionURL('login'), { method: 'POST', json: credentials }),

  logout: (token: string) =>
    requestJSON<Record<string, never>>(functionURL('logout'), { method: 'POST', token }),

  async getTasks(token: string, query: Record<string, string>, signal?: AbortSignal): Promise<TaskPage> {
    const response = await request(functionURL('get-tasks', query), { token, signal })
    const tasks = await bodyOf(response.json() as Promise<Task[]>, signal)
    return { tasks, next: nextQuery(response.headers.get('Link')) }
  },

  getTask: (token: string, id: string, signal?: AbortSignal) =>
    requestJSON<Task>(functionURL('get-tasks', { id }), { token, signal }),

  createTask: (token: string, draft: TaskDraft, signal?: AbortSignal) =>
    requestJSON<Task>(functionURL('create-task'), { method: 'POST', json: draft, token, signal }),

  deleteTask: (token: string, id: string, signal?: AbortSignal) =>
    requestJSON<{ deleted: string }>(functionURL('delete-task', { id }), { method: 'DELETE', token, signal }),

  predictImage: (id: string, file: Blob, options: UploadOptions) =>
    upload<Task>(functionURL('predict-image', { id }), file, options),

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
