import type { NewTask, Task, TaskDraft } from '@/api/types'

const key = 'snaptask.drafts'

/** What one user has typed in this tab and not sent; photos can't be kept. */
export interface KeptDrafts {
  owner: string
  composed: Omit<NewTask, 'id' | 'dueDate'> & { id: string | null; dueDate: string | null }
  edits: { base: Task; draft: TaskDraft }[]
}

/** Returns what was typed before the page was loaded again, or null. */
export function readDrafts(owner: string): KeptDrafts | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null') as KeptDrafts | null
    return kept?.owner === owner && typeof kept.composed.title === 'string' && Array.isArray(kept.edits) ? kept : null
  } catch {
    return null
  }
}

/** Keeps what is typed over a reload of this tab, or forgets it. Without access to storage, nothing is kept. */
export function writeDrafts(drafts: KeptDrafts | null): void {
  try {
    if (drafts === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(drafts))
  } catch {
    return
  }
}
