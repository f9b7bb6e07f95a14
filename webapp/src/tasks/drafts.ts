import { defineStore } from 'pinia'
import { computed, reactive, shallowReactive, watch } from 'vue'
import type { Problem } from '@/api/problem'
import { draftFields, type NewTask, type Task, type TaskDraft } from '@/api/types'
import { readDrafts, writeDrafts, type KeptDrafts } from './draft-storage'

/** A task that is being edited. */
export interface Edit {
  /** The task as it was when editing began. */
  base: Task
  draft: TaskDraft
}

export interface Composed extends Omit<NewTask, 'id' | 'dueDate'> {
  /** The id with which it was sent before, if it may have been created then. */
  id: string | null
  /** Null until somebody chooses a day; it stands for the current day. */
  dueDate: string | null
  photo: File | null
}

/** A new task that could not be created. */
export interface Unsent {
  draft: NewTask
  photo: File | null
  problem: Problem
}

/** Text that has been typed and not sent. It outlives its forms, a reload of the page, and the session if the same user signs in again. */
export const useDraftsStore = defineStore('drafts', () => {
  const edits = shallowReactive(new Map<string, Edit>())
  const composed = reactive<Composed>(empty())
  /** New tasks by id whose place in the form has been taken by another. */
  const unsent = shallowReactive(new Map<string, Unsent>())
  let owner: string | null = null

  const hasNew = computed(() => composed.title.trim() !== '' || composed.body.trim() !== '' || composed.photo !== null)
  /** Whether closing the page would lose anything. */
  const hasAny = computed(() => hasNew.value || unsent.size > 0 || [...edits.values()].some(isChanged))

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

  /** Returns a new task that could not be created to the form. Reports whether the form was empty; otherwise the task is kept beside it. */
  function giveBack({ draft, photo, problem }: Unsent): boolean {
    if (hasNew.value) {
      unsent.set(draft.id, { draft, photo, problem })
      return false
    }
    Object.assign(composed, { ...draft, photo, id: problem.outcomeUnknown ? draft.id : null } satisfies Composed)
    return true
  }

  // What is written into the empty form is another task.
  watch(hasNew, (isNew) => { if (!isNew) composed.id = null }, { flush: 'sync' })

  /** Empties the form for a new task. */
  function clearNew(): void {
    Object.assign(composed, empty())
  }

  /** Sets whose drafts these are. Forgets another user's and reports whether there was another user. */
  function setOwner(username: string): boolean {
    const isFirst = owner === null
    const changed = !isFirst && owner !== username
    owner = username
    if (isFirst) restore(readDrafts(username))
    if (!changed) return false
    edits.clear()
    unsent.clear()
    clearNew()
    return true
  }

  function restore(kept: KeptDrafts | null): void {
    if (kept === null) return
    Object.assign(composed, kept.composed)
    for (const { base, draft } of kept.edits) edits.set(base.id, { base, draft: reactive(draft) })
  }

  /** Keeps nothing of what is typed over a reload, until more is typed: the user signed out. */
  function forgetKept(): void {
    writeDrafts(null)
  }

  watch(() => {
    const { id, title, body, dueDate } = composed
    return { composed: { id, title, body, dueDate }, edits: [...edits.values()].map(({ base, draft }) => ({ base, draft: { ...draft } })) }
  }, (typed) => { if (owner !== null) writeDrafts({ owner, ...typed }) })

  return { edits, composed, unsent, hasNew, hasAny, edit, endEdit, rescue, giveBack, clearNew, setOwner, forgetKept }
})

function empty(): Composed {
  return { id: null, title: '', body: '', dueDate: null, photo: null }
}

function isChanged({ base, draft }: Edit): boolean {
  return draftFields.some((name) => draft[name] !== base[name])
}
