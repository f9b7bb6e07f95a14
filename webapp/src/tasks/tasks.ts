import { useIntervalFn } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { useSessionStore } from '@/account/session'
import { serverTime } from '@/api/clock'
import { functions, type TaskPage } from '@/api/functions'
import { asProblem, cancelledProblem, type Problem } from '@/api/problem'
import { draftFields, type NewTask, type Task } from '@/api/types'
import { useNoticesStore } from '@/ui/notices'
import { dayOf } from './dates'
import { useDraftsStore } from './drafts'
import { compare, defaultFilter, matches, queryOf, type Filter } from './filter'
import { openTaskChannel } from './task-channel'

const pageSize = '100'

/** The largest page of get-tasks. */
const largestPage = 1000

/** How many lists are kept that were left for another filter. */
const leftLists = 10

/** How often a search is sent while another one runs. */
const searchAttempts = 5

/** How often a task is asked for whose last write is not confirmed, in milliseconds. */
const lookInterval = 5000

/** What a task shows before the server has confirmed it, by source. */
type Overlay = Partial<Record<'change' | 'picture' | 'upload', Partial<Task> | null>>

/** A list that was left for another filter, to show at once when somebody returns to it. */
interface LeftList {
  order: readonly string[]
  next: Record<string, string> | null
  /** Ids of tasks that were changed since, and may have another place now, or none. */
  moved: Set<string>
}

/** The user's tasks that have been loaded: each as the server last returned it, under an overlay of unconfirmed changes. */
export const useTasksStore = defineStore('tasks', () => {
  const session = useSessionStore()
  const drafts = useDraftsStore()
  const notices = useNoticesStore()
  const byID = shallowReactive(new Map<string, Task>())
  const overlays = shallowReactive(new Map<string, Overlay>())
  const hidden = shallowReactive(new Set<string>())
  const order = shallowRef<readonly string[]>([])
  const filter = shallowRef<Filter>(defaultFilter)
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = shallowRef<Problem | null>(null)
  const next = shallowRef<Record<string, string> | null>(null)
  const loadingMore = ref(false)
  const creations = shallowReactive(new Map<string, Promise<Task>>())
  /** Ids of tasks whose creation was not confirmed. */
  const maybeCreated = new Set<string>()
  /** Ids of tasks whose change or deletion was not confirmed. */
  const unconfirmed = new Set<string>()
  const looking = useIntervalFn(() => { void lookNow() }, lookInterval, { immediate: false })
  let loading: AbortController | null = null
  const left = new Map<string, LeftList>()
  /** The first page's query of the list that is shown. */
  let shown = ''

  const channel = openTaskChannel(() => session.username, (news) => {
    if ('deleted' in news) {
      drop(news.deleted)
      return
    }
    put(news.task)
    if (state.value === 'ready') place(news.task.id)
  })

  /** The visible tasks in their order. */
  const list = computed(() => order.value.flatMap((id) => (hidden.has(id) ? [] : get(id) ?? [])))
  const hasMore = computed(() => next.value !== null)
  /** Whether closing the page would stop the creation of a task. */
  const isCreating = computed(() => creations.size > 0)

  /** Returns a task with its overlay. */
  function get(id: string): Task | undefined {
    const task = byID.get(id)
    const overlay = overlays.get(id)
    return task === undefined || overlay === undefined ? task : { ...task, ...overlay.change, ...overlay.upload, ...overlay.picture }
  }

  /** Returns a page of tasks; throws a Problem. A search waits for the user's search before it. */
  async function fetchPage(query: Record<string, string>, signal?: AbortSignal): Promise<TaskPage> {
    for (let left = searchAttempts - 1; ; left -= 1) {
      try {
        return await session.authorized((token) => functions.getTasks(token, query, signal))
      } catch (thrown) {
        const { code, retryAfter } = asProblem(thrown)
        if (code !== 'too_many_searches' || left === 0) throw thrown
        await new Promise((resolve) => { setTimeout(resolve, retryAfter * 1000) })
      }
    }
  }

  const firstPage = () => ({ ...queryOf(filter.value, dayOf(new Date())), limit: pageSize })

  /**
   * Loads the first page for a filter; sets `problem` if that fails. A newer call replaces an older one. Until it has come, the tasks
   * show that are here already: all pages that were loaded before, if the list is one that was left.
   */
  async function load(wanted: Filter = filter.value): Promise<void> {
    loading?.abort()
    leave()
    filter.value = wanted
    shown = JSON.stringify(firstPage())
    problem.value = null
    if (returnTo(shown)) {
      await catchUp()
      return
    }
    const { signal } = (loading = new AbortController())
    state.value = 'loading'
    next.value = null
    order.value = [...byID.values()].flatMap(({ id }) => get(id) ?? []).filter(isVisible)
      .sort((a, b) => compare(wanted.sort, a, b)).slice(0, Number(pageSize)).map(({ id }) => id)
    const before = order.value
    try {
      const page = await fetchPage(firstPage(), signal)
      if (signal.aborted) return
      page.tasks.forEach(put)
      reorder(page.tasks.map(({ id }) => id), before)
      placeNewer(page.tasks)
      next.value = page.next
      state.value = 'ready'
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.cancelled || signal.aborted) return
      problem.value = reason
      state.value = 'failed'
    }
  }

  /** Keeps the list that is shown; the one that was left longest ago makes room. */
  function leave(): void {
    if (state.value !== 'ready') return
    left.delete(shown)
    left.set(shown, { order: order.value, next: next.value, moved: new Set() })
    for (const oldest of [...left.keys()].slice(0, -leftLists)) left.delete(oldest)
  }

  /** Shows a list that was left. Reports whether there is one. */
  function returnTo(list: string): boolean {
    const kept = left.get(list)
    if (kept === undefined) return false
    left.delete(list)
    order.value = kept.order.filter((id) => byID.has(id))
    next.value = kept.next
    state.value = 'ready'
    kept.moved.forEach(place)
    return true
  }

  /** Updates the list, its first thousand tasks if it is longer, and keeps what is loaded after them. A failure changes nothing. */
  async function catchUp(): Promise<void> {
    if (state.value !== 'ready') return
    loading?.abort()
    const { signal } = (loading = new AbortController())
    const before = order.value
    const limit = Math.min(largestPage, Math.max(Number(pageSize), before.length)).toString()
    const page = await fetchPage({ ...firstPage(), limit }, signal).catch(() => null)
    if (page === null || signal.aborted) return
    page.tasks.forEach(put)
    const fresh = new Set(page.tasks.map(({ id }) => id))
    const last = page.tasks.at(-1)
    const rest = order.value.filter((id) => !fresh.has(id) && page.next !== null && comesAfter(id, last))
    reorder([...fresh, ...rest], before)
    placeNewer(page.tasks)
    if (rest.length === 0) next.value = page.next && { ...page.next, limit: pageSize }
  }

  /** Replaces the list, and keeps the tasks that were not created when the request was sent. */
  function reorder(ids: readonly string[], requested: readonly string[]): void {
    const old = new Set(requested)
    const added = order.value.filter((id) => !old.has(id) || creations.has(id))
    order.value = ids
    added.forEach(place)
  }

  /** Moves the tasks of a page that are newer here than there: they were changed while the page was on its way. */
  function placeNewer(page: readonly Task[]): void {
    for (const task of page) if (byID.get(task.id) !== task || overlays.has(task.id)) place(task.id)
  }

  async function loadMore(): Promise<void> {
    const query = next.value
    if (query === null || loadingMore.value) return
    loadingMore.value = true
    problem.value = null
    try {
      const page = await fetchPage(query)
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

  /** Adds the next page. Tasks at the end of the list that come later than the page stay last. */
  function append(page: readonly Task[]): void {
    page.forEach(put)
    const ids = page.map(({ id }) => id)
    const fresh = new Set(ids)
    const before = order.value.filter((id) => !fresh.has(id))
    let end = before.length
    while (comesAfter(before[end - 1], page[0])) end -= 1
    order.value = [...before.slice(0, end), ...ids]
    before.slice(end).forEach(place)
  }

  function comesAfter(id: string | undefined, other: Task | undefined): boolean {
    const task = id === undefined ? undefined : get(id)
    return task !== undefined && other !== undefined && compare(filter.value.sort, task, other) > 0
  }

  /** Returns every task of the user, whatever the filter; reports how many have been loaded; throws a Problem. */
  async function fetchAll(progress: (count: number) => void): Promise<Task[]> {
    const found: Task[] = []
    for (let query: Record<string, string> | null = { limit: largestPage.toString() }; query !== null;) {
      const page: TaskPage = await fetchPage(query)
      found.push(...page.tasks)
      progress(found.length)
      query = page.next
    }
    return found
  }

  /** Creates a task, once however often it is called with the same id; throws a Problem. The task shows at once. */
  function create(draft: NewTask): Promise<Task> {
    put(unsaved(draft))
    place(draft.id)
    const creation = send(draft).then((task) => {
      creations.delete(task.id)
      share(task)
      place(task.id)
      return task
    }, (thrown: unknown) => {
      creations.delete(draft.id)
      forget(draft.id)
      throw thrown
    })
    creations.set(draft.id, creation)
    return creation
  }

  async function send(draft: NewTask): Promise<Task> {
    try {
      const task = await session.authorized((token) => functions.createTask(token, draft))
      // An earlier call was done, whose draft was edited since.
      if (maybeCreated.delete(task.id) && draftFields.some((name) => task[name] !== draft[name])) {
        const { title, body, dueDate } = draft
        return await session.authorized((token) => functions.updateTask(token, task.id, { title, body, dueDate, version: task.version }))
      }
      return task
    } catch (thrown) {
      if (asProblem(thrown).outcomeUnknown) maybeCreated.add(draft.id)
      throw thrown
    }
  }

  /** Waits until a new task has been created; throws a cancelled Problem if it could not be. */
  async function whenCreated(id: string): Promise<void> {
    await creations.get(id)?.catch(() => { throw cancelledProblem() })
  }

  /** Fetches one task again and drops it if it is gone; throws a Problem. */
  async function refresh(id: string): Promise<Task> {
    try {
      const task = await session.authorized((token) => functions.getTask(token, id))
      put(task)
      return task
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.taskGone) drop(id)
      throw reason
    }
  }

  /** Asks for a task until the server answers, because it is not known whether a write was done. */
  function lookAgain(id: string): void {
    unconfirmed.add(id)
    looking.resume()
  }

  async function lookNow(): Promise<void> {
    looking.pause()
    for (const id of unconfirmed) {
      const isKnown = await refresh(id).then(() => true, (thrown: unknown) => !asProblem(thrown).retryable)
      if (!isKnown) break
      unconfirmed.delete(id)
      if (byID.has(id)) place(id)
    }
    if (unconfirmed.size > 0) looking.resume()
  }

  /** Stores a task from the server unless a newer version is there. */
  function put(task: Task): void {
    const before = byID.get(task.id)
    if (before === undefined || before.version <= task.version) byID.set(task.id, task)
  }

  /** Stores a task that was changed in this tab and sends it to the other tabs. */
  function share(task: Task): void {
    put(task)
    channel.post({ task })
  }

  /** Moves a task to its position in the list, or takes it off the list. */
  function place(id: string): void {
    for (const { moved } of left.values()) moved.add(id)
    const task = get(id)
    const others = order.value.filter((other) => other !== id)
    if (task !== undefined && isVisible(task)) {
      const index = others.findIndex((other) => comesAfter(other, task))
      others.splice(index < 0 ? others.length : index, 0, id)
    }
    order.value = others
  }

  /** Reports whether the filter lets a task through. */
  function isVisible(task: Task): boolean {
    return matches(task, filter.value, dayOf(new Date()))
  }

  /** Shows unconfirmed changes of a task; null removes those of this source. */
  function overlay(id: string, source: keyof Overlay, changes: Partial<Task> | null): void {
    const all: Overlay = { ...overlays.get(id), [source]: changes }
    if (all.change || all.picture || all.upload) overlays.set(id, all)
    else overlays.delete(id)
  }

  function setHidden(id: string, on: boolean): void {
    if (on) hidden.add(id)
    else hidden.delete(id)
  }

  /** Forgets a task that was deleted in this tab, here and in the other tabs. */
  function dropEverywhere(id: string): void {
    forget(id)
    channel.post({ deleted: id })
  }

  /** Forgets a task that was deleted elsewhere, and rescues what was being written about it. */
  function drop(id: string): void {
    const title = byID.get(id)?.title ?? ''
    forget(id)
    if (drafts.rescue(id)) notices.say('editRescued', { title })
  }

  function forget(id: string): void {
    order.value = order.value.filter((other) => other !== id)
    for (const kept of [byID, overlays, hidden]) kept.delete(id)
  }

  /** Forgets everything, for the next user. */
  function reset(): void {
    loading?.abort()
    for (const kept of [byID, overlays, hidden, unconfirmed, creations, maybeCreated]) kept.clear()
    looking.pause()
    left.clear()
    order.value = []
    state.value = 'idle'
    problem.value = null
    next.value = null
    loadingMore.value = false
  }

  return {
    byID, list, filter, state, problem, hasMore, loadingMore, isCreating,
    get, load, catchUp, loadMore, fetchAll, create, whenCreated, refresh, lookAgain, put, share, place, isVisible, overlay, setHidden, drop, dropEverywhere, reset,
  }
})

/** Returns a task as it shows until the server has created it. */
function unsaved(draft: NewTask): Task {
  const now = new Date(serverTime()).toISOString()
  return {
    ...draft, completed: false, createdAt: now, updatedAt: now, version: 0,
    upload: false, imageStatus: 'none', labels: [], predictions: [], uploading: false, uploadError: null,
  }
}
