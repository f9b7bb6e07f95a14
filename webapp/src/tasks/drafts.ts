import { defineStore } from 'pinia'
import { v7 } from 'uuid'
import { computed, reactive, shallowReactive } from 'vue'
import { draftFields, type NewTask, type Task, type TaskDraft } from '@/api/types'

/** A task that is being edited. */
export interface Edit {
  /** The task as it was when editing began. */
  base: Task
  draft: TaskDraft
}

export interface Composed extends Omit<NewTask, 'dueDate'> {
  /** Null until somebody chooses a day; it stands for the current day. */
  dueDate: string | null
  photo: File | null
}

/** Text that has been typed and not sent. It outlives its forms, and the session if the same user signs in again. */
export const useDraftsStore = defineStore('drafts', () => {
  const edits = shallowReactive(new Map<string, Edit>())
  const composed = reactive<Composed>(empty())
  let owner: string | null = null

  const hasNew = computed(() => composed.title.trim() !== '' || composed.body.trim() !== '' || composed.photo !== null)
  /** Whether closing the page would lose anything. */
  const hasAny = computed(() => hasNew.value || [...edits.values()].some(isChanged))

  function edit(task: Task): void {
    const written = Object.fromEntries(draftFields.map((name) => [name, task[name]])) as unknown as TaskDraft
    edits.set(task.id, { base: task, draft: reactive(written) })
  }

  /** Ends an edit. Returns a function that restores it, or null if nothing was changed. */
  function endEdit(id: string): (() => void) | null {
    const ended = edits.get(id)
    edits.delete(id)
    return ended !== undefined && isChanged(ended) ? () => { edits.set(id, ended) } : null
  }

  /** Ends the edit of a task that no longer exists, moving its changes to the form for a new task. Reports whether there were any. */
  function rescue(id: string): boolean {
    const ended = edits.get(id)
    edits.delete(id)
    if (ended === undefined || !isChanged(ended)) return false
    const { title, body } = ended.draft
    if (hasNew.value) composed.body = [composed.body, title, body].filter((part) => part !== '').join('\n')
    else Object.assign(composed, ended.draft)
    return true
  }

  /** Empties the form for a new task. */
  function clearNew(): void {
    Object.assign(composed, empty())
  }

  /** Sets whose drafts these are. Forgets another user's and reports whether there was another user. */
  function setOwner(username: string): boolean {
    const changed = owner !== null && owner !== username
    owner = username
    if (!changed) return false
    edits.clear()
    clearNew()
    return true
  }

  return { edits, composed, hasNew, hasAny, edit, endEdit, rescue, clearNew, setOwner }
})

function empty(): Composed {
  return { id: v7(), title: '', body: '', dueDate: null, photo: null }
}

function isChanged({ base, draft }: Edit): boolean {
  return draftFields.some((name) => draft[name] !== base[name])
}
