import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { functions } from '@/api/functions'
import { asProblem } from '@/api/problem'
import type { Task, TaskFields } from '@/api/types'
import { useSessionStore } from './session'
import { useTasksStore } from './tasks'

/** Two people, or two tabs, wrote something else in the same place. */
export interface Conflict {
  /** What was to be changed here. */
  mine: TaskFields
  /** The task as it has become meanwhile. */
  theirs: Task
}

/** Changes of tasks: to be seen at once, sent one after the other, and taken back when they are refused. */
export const useChangesStore = defineStore('changes', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  /** What a person has to decide, by task. */
  const conflicts = shallowReactive(new Map<string, Conflict>())
  const waiting = new Map<string, TaskFields[]>()
  const queues = new Map<string, Promise<unknown>>()

  /**
   * Changes a task that the person saw as `seen`. Where that is no longer how it is, the change still goes through as long as
   * it touches nothing that has become something else; otherwise `conflicts` has it. Throws a Problem when it is refused.
   */
  function change(seen: Task, fields: TaskFields): Promise<void> {
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

  async function send(seen: Task, fields: TaskFields): Promise<void> {
    for (;;) {
      const newest = tasks.known.get(seen.id) ?? seen
      if (clash(seen, fields, newest)) {
        conflicts.set(seen.id, { mine: fields, theirs: newest })
        return
      }
      try {
        const { version } = newest
        tasks.share(await session.authorized((token) => functions.updateTask(token, seen.id, { ...fields, version })))
        return
      } catch (thrown) {
        const reason = asProblem(thrown)
        if (reason.status === 404) tasks.drop(seen.id)
        if (reason.status !== 409) throw reason
      }
      await tasks.refresh(seen.id)
    }
  }

  /** Settles a conflict: what is here after all, or what it has become. Throws a Problem. */
  async function decide(id: string, whose: 'mine' | 'theirs'): Promise<void> {
    const conflict = conflicts.get(id)
    conflicts.delete(id)
    if (conflict !== undefined && whose === 'mine') await change(conflict.theirs, conflict.mine)
  }

  /** Forgets everything, for the next person. */
  function reset(): void {
    conflicts.clear()
    waiting.clear()
    queues.clear()
  }

  return { conflicts, change, decide, reset }
})

/** Whether a field was changed there, and to something else than here. Done or not is no matter to argue about. */
export function clash(seen: Task, mine: TaskFields, theirs: Task): boolean {
  return (['title', 'body', 'dueDate'] as const).some((name) =>
    mine[name] !== undefined && theirs[name] !== seen[name] && theirs[name] !== mine[name])
}
