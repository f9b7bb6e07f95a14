import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, type Problem } from '@/api/problem'
import type { NewTask, Task } from '@/api/types'
import { dayOf } from './dates'
import { everyday, inOrder, matches, parametersOf, type Filter } from './filter'
import { text } from '@/ui/text'
import { useDraftsStore } from './drafts'
import { useNoticesStore } from '@/ui/notices'
import { useSessionStore } from '@/account/session'
import { openTaskChannel } from './task-channel'

const pageSize = '100'

/** What is seen of a task otherwise than the functions have said, by what made it so. */
type Overlay = Partial<Record<'change' | 'picture', Partial<Task> | null>>

/**
 * The tasks of who is signed in, as far as they have been loaded: each as the functions last gave it, overlaid by what has
 * been changed here and is not confirmed yet.
 */
export const useTasksStore = defineStore('tasks', () => {
  const session = useSessionStore()
  const drafts = useDraftsStore()
  const notices = useNoticesStore()
  const known = shallowReactive(new Map<string, Task>())
  const overlays = shallowReactive(new Map<string, Overlay>())
  const hidden = shallowReactive(new Set<string>())
  const order = shallowRef<readonly string[]>([])
  const filter = shallowRef<Filter>(everyday)
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = shallowRef<Problem | null>(null)
  const next = shallowRef<Record<string, string> | null>(null)
  const loadingMore = ref(false)
  let loading: AbortController | null = null

  const channel = openTaskChannel(() => session.username, (news) => {
    if ('gone' in news) {
      drop(news.gone)
      return
    }
    put(news.task)
    if (state.value === 'ready') place(news.task.id)
  })

  /** What is to be seen, in its order. */
  const list = computed(() => order.value.flatMap((id) => (hidden.has(id) ? [] : get(id) ?? [])))
  const hasMore = computed(() => next.value !== null)

  /** A task as it is to be seen. */
  function get(id: string): Task | undefined {
    const task = known.get(id)
    const overlay = overlays.get(id)
    return task === undefined || overlay === undefined ? task : { ...task, ...overlay.change, ...overlay.picture }
  }

  /** Loads what a filter lets through, from the start; `problem` tells if that fails. A newer call takes an older one's place. */
  async function load(wanted: Filter = filter.value): Promise<void> {
    loading?.abort()
    const { signal } = (loading = new AbortController())
    filter.value = wanted
    state.value = 'loading'
    problem.value = null
    next.value = null
    const query = { ...parametersOf(wanted, dayOf(new Date())), limit: pageSize }
    const before = order.value
    try {
      const page = await session.authorized((token) => functions.getTasks(token, query, signal))
      if (signal.aborted) return
      page.tasks.forEach(put)
      reorder(page.tasks.map(({ id }) => id), before)
      next.value = page.next
      state.value = 'ready'
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.cancelled || signal.aborted) return
      problem.value = reason
      state.value = 'failed'
    }
  }

  /**
   * Takes over what has become of the first page meanwhile, without taking from the list what was loaded after it. That it
   * can't be had is no news: what is here stays.
   */
  async function catchUp(): Promise<void> {
    if (state.value !== 'ready') return
    const { signal } = (loading = new AbortController())
    const query = { ...parametersOf(filter.value, dayOf(new Date())), limit: pageSize }
    const before = order.value
    const page = await session.authorized((token) => functions.getTasks(token, query, signal)).catch(() => null)
    if (page === null || signal.aborted) return
    page.tasks.forEach(put)
    const fresh = new Set(page.tasks.map(({ id }) => id))
    const last = page.tasks.at(-1)
    const rest = order.value.filter((id) => {
      const task = get(id)
      return !fresh.has(id) && page.next !== null && last !== undefined && task !== undefined && inOrder(filter.value.sort, task, last) > 0
    })
    reorder([...fresh, ...rest], before)
    if (rest.length === 0) next.value = page.next
  }

  /** Puts a list in the place of the one that was asked about; what has come to that since may be newer than the answer. */
  function reorder(ids: readonly string[], asked: readonly string[]): void {
    const old = new Set(asked)
    const added = order.value.filter((id) => !old.has(id))
    order.value = ids
    added.forEach(place)
  }

  /** Loads the page after those already here. */
  async function loadMore(): Promise<void> {
    const query = next.value
    if (query === null || loadingMore.value) return
    loadingMore.value = true
    problem.value = null
    try {
      const page = await session.authorized((token) => functions.getTasks(token, query))
      if (next.value !== query) return
      append(page.tasks)
      next.value = page.next
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (!reason.cancelled && next.value === query) problem.value = reason
    } finally {
      loadingMore.value = false
    }
  }

  /** Takes over the next page. What was put at the end meanwhile, and comes later than that, moves on to stay last. */
  function append(page: readonly Task[]): void {
    page.forEach(put)
    const ids = page.map(({ id }) => id)
    const fresh = new Set(ids)
    const before = order.value.filter((id) => !fresh.has(id))
    const [first] = page
    let end = before.length
    const isLater = (id: string | undefined): boolean => {
      const task = id === undefined ? undefined : get(id)
      return task !== undefined && first !== undefined && inOrder(filter.value.sort, task, first) > 0
    }
    while (isLater(before[end - 1])) end -= 1
    order.value = [...before.slice(0, end), ...ids]
    before.slice(end).forEach(place)
  }

  /** Every task there is, newest first, whatever the filter; tells how many have come so far; throws a Problem. */
  async function all(progress: (count: number) => void): Promise<Task[]> {
    const found: Task[] = []
    let query: Record<string, string> | null = { limit: '1000' }
    while (query !== null) {
      const asked: Record<string, string> = query
      const page = await session.authorized((token) => functions.getTasks(token, asked))
      found.push(...page.tasks)
      progress(found.length)
      query = page.next
    }
    return found
  }

  /** Adds a task, once however often it is called with the same id; throws a Problem. */
  async function create(draft: NewTask): Promise<Task> {
    const task = await session.authorized((token) => functions.createTask(token, draft))
    share(task)
    place(task.id)
    return task
  }

  /** Asks for one task anew; throws a Problem. One that is gone leaves the list. */
  async function refresh(id: string): Promise<Task> {
    try {
      const task = await session.authorized((token) => functions.getTask(token, id))
      put(task)
      return task
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.status === 404) drop(id)
      throw reason
    }
  }

  /** Asks for one task anew when there is no hurry: that it can't be had is no news. */
  async function lookFor(id: string): Promise<void> {
    await refresh(id).catch(() => undefined)
  }

  /** Takes over a task as a function gave it, unless what is here is newer. */
  function put(task: Task): void {
    const before = known.get(task.id)
    if (before === undefined || before.version <= task.version) known.set(task.id, task)
  }

  /** Takes over a task that was changed from here, and tells the other tabs. */
  function share(task: Task): void {
    put(task)
    channel.tell({ task })
  }

  /** Puts a task where it belongs in the list, or off it. */
  function place(id: string): void {
    const task = get(id)
    const others = order.value.filter((other) => other !== id)
    if (task !== undefined && shows(task)) {
      const at = others.findIndex((other) => {
        const behind = get(other)
        return behind !== undefined && inOrder(filter.value.sort, task, behind) < 0
      })
      others.splice(at < 0 ? others.length : at, 0, id)
    }
    order.value = others
  }

  /** Whether the filter lets a task through. */
  function shows(task: Task): boolean {
    return matches(task, filter.value, dayOf(new Date()))
  }

  /** Shows something of a task differently until the functions have confirmed it; null shows it as it is. */
  function overlay(id: string, source: keyof Overlay, changes: Partial<Task> | null): void {
    const all: Overlay = { ...overlays.get(id), [source]: changes }
    if (all.change || all.picture) overlays.set(id, all)
    else overlays.delete(id)
  }

  /** Takes a task out of sight, or back. */
  function hide(id: string, away: boolean): void {
    if (away) hidden.add(id)
    else hidden.delete(id)
  }

  /** Forgets a task that was deleted from here, and tells the other tabs. */
  function dropEverywhere(id: string): void {
    forget(id)
    channel.tell({ gone: id })
  }

  /** Forgets a task that turns out to be gone; what was being written about it is not lost. */
  function drop(id: string): void {
    const title = known.get(id)?.title ?? ''
    forget(id)
    if (drafts.rescue(id)) notices.say(text.tasks.goneButKept(title))
  }

  function forget(id: string): void {
    order.value = order.value.filter((other) => other !== id)
    known.delete(id)
    overlays.delete(id)
    hidden.delete(id)
  }

  /** Forgets everything, for the next person. */
  function reset(): void {
    loading?.abort()
    for (const kept of [known, overlays, hidden]) kept.clear()
    order.value = []
    state.value = 'idle'
    problem.value = null
    next.value = null
    loadingMore.value = false
  }

  return {
    known, list, filter, state, problem, hasMore, loadingMore,
    get, load, catchUp, loadMore, all, create, refresh, lookFor, put, share, place, shows, overlay, hide, drop, dropEverywhere, reset,
  }
})
