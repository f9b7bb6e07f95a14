import { defineStore } from 'pinia'
import { useSessionStore } from '@/account/session'
import { functions } from '@/api/functions'
import { asProblem } from '@/api/problem'
import { draftFields, type Task, type TaskFields } from '@/api/types'
import { useTasksStore } from './tasks'

/** Two edits of the same field: a person has to decide. */
export interface Conflict {
  mine: TaskFields
  /** The task as it is now. */
  theirs: Task
}

/** How often a change is retried on top of a newer version. */
const attempts = 5

/** Changes to tasks: shown at once, sent one after the other per task, and reverted if they fail. */
export const useChangesStore = defineStore('changes', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const pending = new Map<string, TaskFields[]>()
  const queues = new Map<string, Promise<unknown>>()

  /**
   * Changes a task based on the version the user saw. If it has changed since, the change is merged, or else returned as a
   * conflict and not made. Throws a Problem if it fails.
   */
  function change(base: Task, fields: TaskFields): Promise<Conflict | null> {
    const { id } = base
    pending.set(id, [...pending.get(id) ?? [], fields])
    show(id)
    const sending = (queues.get(id) ?? Promise.resolve()).then(() => send(base, fields)).finally(() => {
      const rest = (pending.get(id) ?? []).filter((one) => one !== fields)
      if (rest.length > 0) pending.set(id, rest)
      else pending.delete(id)
      show(id)
    })
    queues.set(id, sending.catch(() => undefined))
    return sending
  }

  function show(id: string): void {
    const all = pending.get(id)
    tasks.overlay(id, 'change', all === undefined ? null : Object.assign({}, ...all) as TaskFields)
    tasks.place(id)
  }

  async function send(base: Task, fields: TaskFields): Promise<Conflict | null> {
    await tasks.whenCreated(base.id)
    for (let left = attempts; ; left -= 1) {
      const newest = tasks.byID.get(base.id) ?? base
      if (conflicts(base, fields, newest)) return { mine: fields, theirs: newest }
      try {
        const { version } = newest
        tasks.share(await session.authorized((token) => functions.updateTask(token, base.id, { ...fields, version })))
        return null
      } catch (thrown) {
        const reason = asProblem(thrown)
        if (reason.taskGone) tasks.drop(base.id)
        if (reason.outcomeUnknown) tasks.lookAgain(base.id)
        if (reason.code !== 'stale_version' || left === 1) throw reason
      }
      await tasks.refresh(base.id)
    }
  }

  /** Forgets everything, for the next user. */
  function reset(): void {
    pending.clear()
    queues.clear()
  }

  return { change, reset }
})

/** Reports whether both sides changed a field, to different values. `completed` never conflicts: the last one wins. */
export function conflicts(base: Task, mine: TaskFields, theirs: Task): boolean {
  return draftFields.some((name) =>
    mine[name] !== undefined && theirs[name] !== base[name] && theirs[name] !== mine[name])
}
