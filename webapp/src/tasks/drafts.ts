import { defineStore } from 'pinia'
import { computed, reactive, shallowReactive } from 'vue'
import type { NewTask, Task, TaskDraft } from '@/api/types'
import { newId } from './ids'

/** A task that is being edited. */
export interface Edit {
  /** The task as it was when the editing began. */
  seen: Task
  draft: TaskDraft
}

export interface Composed extends Omit<NewTask, 'dueDate'> {
  /** Null as long as nobody has chosen one: then it is the current day. */
  dueDate: string | null
  photo: File | null
}

/** What has been typed and not been sent: it outlives its forms, and the session too when the same person comes back. */
export const useDraftsStore = defineStore('drafts', () => {
  const edits = shallowReactive(new Map<string, Edit>())
  const composed = reactive<Composed>(empty())
  let owner: string | null = null

  /** Whether there is something in the form for a new task. */
  const hasNew = computed(() => composed.title.trim() !== '' || composed.body.trim() !== '' || composed.photo !== null)
  /** Whether there is something that would be a pity to lose. */
  const any = computed(() => hasNew.value || [...edits.values()].some(isChanged))

  function edit(task: Task): void {
    const { title, body, dueDate } = task
    edits.set(task.id, { seen: task, draft: reactive({ title, body, dueDate }) })
  }

  /** Ends the editing of a task; gives what brings it back where something would be lost by that. */
  function leave(id: string): (() => void) | null {
    const left = edits.get(id)
    edits.delete(id)
    return left !== undefined && isChanged(left) ? () => { edits.set(id, left) } : null
  }

  /** Moves what was being written about a task that is gone into the form for a new one; whether there was anything. */
  function rescue(id: string): boolean {
    const left = edits.get(id)
    edits.delete(id)
    if (left === undefined || !isChanged(left)) return false
    const { title, body } = left.draft
    if (hasNew.value) composed.body = [composed.body, title, body].filter((words) => words !== '').join('\n')
    else Object.assign(composed, left.draft)
    return true
  }

  /** Empties the form for another task. */
  function renew(): void {
    Object.assign(composed, empty())
  }

  /** Tells whose drafts these are, and whether that is somebody else than before: then the drafts are forgotten. */
  function belongTo(username: string): boolean {
    const another = owner !== null && owner !== username
    owner = username
    if (!another) return false
    edits.clear()
    renew()
    return true
  }

  return { edits, composed, hasNew, any, edit, leave, rescue, renew, belongTo }
})

function empty(): Composed {
  return { id: newId(), title: '', body: '', dueDate: null, photo: null }
}

function isChanged({ seen, draft }: Edit): boolean {
  return draft.title !== seen.title || draft.body !== seen.body || draft.dueDate !== seen.dueDate
}
