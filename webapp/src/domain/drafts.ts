import type { TaskDraft } from '@/api/types'
import { text } from '@/text'

/** What a task still lacks, by field, in words. */
export function missing(draft: TaskDraft): Partial<Record<keyof TaskDraft, string>> {
  return {
    ...(draft.title.trim() === '' ? { title: text.compose.titleMissing } : {}),
    ...(draft.dueDate === '' ? { dueDate: text.compose.dueMissing } : {}),
  }
}
