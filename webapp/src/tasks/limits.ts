import type { AppConfig, TaskDraft } from '@/api/types'
import { text } from '@/ui/text'
import { count } from '@/ui/numbers'

type Limits = Pick<AppConfig['limits'], 'titleLength' | 'bodyBytes'>

/** What forbids sending a task, by field, in words; nothing when it can go. */
export function faults(draft: TaskDraft, limits: Limits): Partial<Record<keyof TaskDraft, string>> {
  const title = Array.from(draft.title.trim()).length
  const body = new TextEncoder().encode(draft.body).length
  return {
    ...(title === 0 ? { title: text.compose.titleMissing } : {}),
    ...(title > limits.titleLength ? { title: text.compose.titleLong(count(title), count(limits.titleLength)) } : {}),
    ...(body > limits.bodyBytes ? { body: text.compose.bodyLong(count(body), count(limits.bodyBytes)) } : {}),
    ...(draft.dueDate === '' ? { dueDate: text.compose.dueMissing } : {}),
  }
}
