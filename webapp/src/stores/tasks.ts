import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, type Problem } from '@/api/problem'
import type { Task, TaskDraft } from '@/api/types'
import { useSessionStore } from './session'

const pageSize = '100'

/** The tasks of who is signed in, as far as they have been loaded. */
export const useTasksStore = defineStore('tasks', () => {
  const session = useSessionStore()
  const byId = ref(new Map<string, Task>())
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = shallowRef<Problem | null>(null)
  const next = shallowRef<Record<string, string> | null>(null)
  const loadingMore = ref(false)
  const list = computed(() => [...byId.value.values()])
  const hasMore = computed(() => next.value !== null)

  /** Loads the newest tasks; `problem` tells if that fails. */
  async function load(): Promise<void> {
    state.value = 'loading'
    problem.value = null
    try {
      const page = await session.authorized((token) => functions.getTasks(token, { limit: pageSize }))
      byId.value = new Map(page.tasks.map((task) => [task.id, task]))
      next.value = page.next
      state.value = 'ready'
    } catch (thrown) {
      failed(asProblem(thrown))
    }
  }

  /** Loads the page after those already here. */
  async function loadMore(): Promise<void> {
    const query = next.value
    if (query === null || loadingMore.value) return
    loadingMore.value = true
    problem.value = null
    try {
      const page = await session.authorized((token) => functions.getTasks(token, query))
      for (const task of page.tasks) put(task)
      next.value = page.next
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (!reason.cancelled) problem.value = reason
    } finally {
      loadingMore.value = false
    }
  }

  function failed(reason: Problem): void {
    if (reason.cancelled) return
    problem.value = reason
    state.value = 'failed'
  }

  /** Adds a task; throws a Problem. */
  async function create(draft: TaskDraft): Promise<Task> {
    const task = await session.authorized((token) => functions.createTask(token, draft))
    put(task)
    return task
  }

  /** Deletes a task; one that is gone already counts as deleted. Throws a Problem. */
  async function remove(id: string): Promise<void> {
    try {
      await session.authorized((token) => functions.deleteTask(token, id))
    } catch (thrown) {
      if (asProblem(thrown).status !== 404) throw thrown
    }
    byId.value.delete(id)
  }

  /** Asks for one task anew; throws a Problem. One that is gone leaves the list. */
  async function refresh(id: string): Promise<void> {
    try {
      put(await session.authorized((token) => functions.getTask(token, id)))
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.status === 404) byId.value.delete(id)
      throw reason
    }
  }

  /** Takes over a task as a function gave it, unless what is here is newer. */
  function put(task: Task): void {
    const known = byId.value.get(task.id)
    if (known === undefined || known.version <= task.version) byId.value.set(task.id, task)
  }

  /** Forgets everything, for the next person. */
  function reset(): void {
    byId.value = new Map()
    state.value = 'idle'
    problem.value = null
    next.value = null
    loadingMore.value = false
  }

  return { byId, list, state, problem, hasMore, loadingMore, load, loadMore, create, remove, refresh, put, reset }
})
