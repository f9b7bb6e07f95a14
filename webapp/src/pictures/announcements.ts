import { defineStore } from 'pinia'
import { watch } from 'vue'
import { useSessionStore } from '@/account/session'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, Problem } from '@/api/problem'
import type { Task } from '@/api/types'
import { uploadTo } from '@/api/upload'
import { useTasksStore } from '@/tasks/tasks'

/** How many URLs one photo gets: one can expire before the photo has been sent. */
const urlsPerPhoto = 3

/** How long the labels of a photo may take, in milliseconds, of which it is not known whether it was stored. */
const patience = 10_000

/** What a task shows while it is being withdrawn. */
export const notAwaited: Partial<Task> = { uploading: false, uploadError: null }

/** Photos by event: announced to the server, which then awaits them, and sent to the object store, which tells a function to label them. */
export const useAnnouncementsStore = defineStore('announcements', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  /** The last announcement or withdrawal of each task: the server must see them in their order. */
  const order = new Map<string, Promise<unknown>>()

  function inOrder<T>(taskID: string, work: () => Promise<T>): Promise<T> {
    const result = (order.get(taskID) ?? Promise.resolve()).then(work)
    const settled = result.then(() => undefined, () => undefined).then(() => { if (order.get(taskID) === settled) order.delete(taskID) })
    order.set(taskID, settled)
    return result
  }

  /** Announces a picture and sends it. Returns once it is stored, or labelled already; throws a Problem. */
  async function send(taskID: string, picture: File, signal: AbortSignal, onSent: (bytes: number) => void): Promise<void> {
    for (let left = urlsPerPhoto; ; left -= 1) {
      // An announcement is never cut off, so that it is known what to withdraw.
      const { url, headers, task } = await inOrder(taskID, () => {
        signal.throwIfAborted()
        return session.authorized((token) => functions.uploadURL(token, taskID, picture))
      })
      tasks.share(task)
      signal.throwIfAborted()
      let sent = 0
      try {
        await uploadTo(url, picture, { headers, signal, onSent: (bytes) => { onSent(sent = bytes) } })
        return
      } catch (thrown) {
        const problem = asProblem(thrown)
        if (problem.answerLost && sent === picture.size) {
          // Only the labels can tell now whether it was stored.
          await labelled(taskID, AbortSignal.any([signal, AbortSignal.timeout(patience)]))
          return
        }
        if (problem.code !== 'upload_refused' || left === 1) throw problem
      }
    }
  }

  /**
   * Returns the task once the server awaits its picture no longer: it is labelled or refused. use-awaited-photos looks for that.
   * Throws a Problem: outcome_unknown when the signal is aborted.
   */
  function labelled(taskID: string, signal?: AbortSignal): Promise<Task> {
    return new Promise((resolve, reject) => {
      const giveUp = () => { end(() => { reject(new Problem(0, 'outcome_unknown')) }) }
      function look(task: Task | undefined): void {
        if (task === undefined) end(() => { reject(cancelledProblem()) })
        else if (!task.uploading) end(() => { resolve(task) })
      }
      const stop = watch(() => tasks.byID.get(taskID), look, { flush: 'sync' })
      function end(settle: () => void): void {
        stop()
        signal?.removeEventListener('abort', giveUp)
        settle()
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      if (signal?.aborted === true) giveUp()
      else look(tasks.byID.get(taskID))
    })
  }

  /** Ends the task's awaiting of a picture, and forgets what was wrong with the last one. Shown at once; if it fails, the server ends it after a while. */
  function withdraw(taskID: string): void {
    const isAwaited = () => {
      const task = tasks.byID.get(taskID)
      return task !== undefined && (task.uploading || task.uploadError !== null)
    }
    if (!order.has(taskID) && !isAwaited()) return
    tasks.overlay(taskID, 'upload', notAwaited)
    void inOrder(taskID, async () => {
      try {
        if (isAwaited()) tasks.share(await session.authorized((token) => functions.withdrawUpload(token, taskID)))
      } catch (thrown) {
        if (asProblem(thrown).taskGone) tasks.drop(taskID)
      } finally {
        tasks.overlay(taskID, 'upload', null)
      }
    })
  }

  return { send, labelled, withdraw }
})
