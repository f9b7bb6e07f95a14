import { defineStore } from 'pinia'
import { functions } from '@/api/functions'
import { asProblem } from '@/api/problem'
import type { Task, TaskFields } from '@/api/types'
import { useSessionStore } from '@/account/session'
import { useTasksStore } from './tasks'

/** Two people, or two tabs, wrote something else in the same place: a person has to decide. */
export interface Conflict {
  /** What was to be changed here. */
  mine: TaskFields
  /** The task as it has become meanwhile. */
  theirs: Task
}

/** How often a change is sent on top of ever newer versions before it counts as refused. */
const attempts = 5

/** Changes of tasks: to be seen at once, sent one after the other, and taken back when they are refused. */
export const useChangesStore = defineStore('changes', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const waiting = new Map<string, TaskFields[]>()
  const queues = new Map<string, Promise<unknown>>()

  /**
   * Changes a task that the person saw as `seen`. Where that is no longer how it is, the change still goes through as long as
   * it touches nothing that has become something else; otherwise nothing is changed, and this gives the conflict. Throws a
   * Problem when it is refused.
   */
  function change(seen: Task, fields: TaskFields): Promise<Conflict | null> {
    const { id } = seen
    waiting.set(id, [...waiting.get(id) ?? [], fields])
    show(id)
    const before = queues.get(id) ?? Promise.resolve()
    const turn = before.then(() => send(seen, fields)).finally(() => {
      const rest = (waiting.get(id) ?? []).filter((one) => one !== fields)
      if (rest.length > 0) waiting.set(id, rest)
      else waiting.delete(id)
      show(id)
    })
    queues.set(id, turn.catch(() => undefined))
    return turn
  }

  function show(id: string): void {
    const all = waiting.get(id)
    tasks.overlay(id, 'change', all === undefined ? null : Object.assign({}, ...all) as TaskFields)
    tasks.place(id)
  }

  async function send(seen: Task, fields: TaskFields): Promise<Conflict | null> {
    for (let left = attempts; ; left -= 1) {
      const newest = tasks.known.get(seen.id) ?? seen
      if (clash(seen, fields, newest)) return { mine: fields, theirs: newest }
      try {
        const { version } = newest
        tasks.share(await session.authorized((token) => functions.updateTask(token, seen.id, { ...fields, version })))
        return null
      } catch (thrown) {
        const reason = asProblem(thrown)
        if (reason.status === 404) tasks.drop(seen.id)
        if (reason.status !== 409 || left === 1) throw reason
      }
      await tasks.refresh(seen.id)
    }
  }

  /** Forgets everything, for the next person. */
  function reset(): void {
    waiting.clear()
    queues.clear()
  }

  return { change, reset }
})

/** Whether a field was changed there, and to something else than here. Done or not is no matter to argue about. */
export function clash(seen: Task, mine: TaskFields, theirs: Task): boolean {
  return (['title', 'body', 'dueDate'] as const).some((name) =>
    mine[name] !== undefined && theirs[name] !== seen[name] && theirs[name] !== mine[name])
}
