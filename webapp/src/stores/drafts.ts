import { defineStore } from 'pinia'
import { reactive, shallowReactive } from 'vue'
import type { NewTask, Task, TaskDraft } from '@/api/types'
import { newId } from '@/domain/ids'

/** A task that is being edited. */
export interface Edit {
  /** The task as it was when the editing began. */
  seen: Task
  draft: TaskDraft
}

export interface Composed extends NewTask {
  photo: File | null
}

/** What has been typed and not been sent: it outlives its forms, and the session too when the same person comes back. */
export const useDraftsStore = defineStore('drafts', () => {
  const edits = shallowReactive(new Map<string, Edit>())
  const composed = reactive<Composed>({ id: newId(), title: '', body: '', dueDate: '', photo: null })
  let owner: string | null = null

  function edit(task: Task): void {
    const { title, body, dueDate } = task
    edits.set(task.id, { seen: task, draft: reactive({ title, body, dueDate }) })
  }

  function leave(id: string): void {
    edits.delete(id)
  }

  /** An empty form for another task, due on a day. */
  function renew(day: string): void {
    Object.assign(composed, { id: newId(), title: '', body: '', dueDate: day, photo: null })
  }

  /** Tells whose drafts these are; those of somebody else are forgotten. */
  function belongTo(username: string): void {
    if (owner !== null && owner !== username) {
      edits.clear()
      renew('')
    }
    owner = username
  }

  return { edits, composed, edit, leave, renew, belongTo }
})
