import type { AppConfig, NewTask } from '@/api/types'
import { count } from '@/ui/format'
import { text } from '@/ui/text'

type Limits = Pick<AppConfig['limits'], 'titleLength' | 'bodyBytes'>

/** Returns an error message for each field that must change before the task can be sent. */
export function draftErrors(draft: Omit<NewTask, 'id'>, limits: Limits): Partial<Record<keyof Omit<NewTask, 'id'>, string>> {
  const title = Array.from(draft.title.trim()).length
  const body = new TextEncoder().encode(draft.body).length
  return {
    ...(title === 0 ? { title: text.task.titleMissing } : {}),
    ...(title > limits.titleLength ? { title: text.task.titleLong(count(title), count(limits.titleLength)) } : {}),
    ...(body > limits.bodyBytes ? { body: text.task.bodyLong(count(body), count(limits.bodyBytes)) } : {}),
    ...(draft.dueDate === '' ? { dueDate: text.task.dueMissing } : {}),
  }
}
