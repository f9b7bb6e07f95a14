import { defineStore } from 'pinia'
import { computed, shallowReactive } from 'vue'
import { useSessionStore } from '@/account/session'
import { useConfigStore } from '@/api/config'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, Problem } from '@/api/problem'
import type { PictureSize, Prediction, Task } from '@/api/types'
import { useTasksStore } from '@/tasks/tasks'
import { useNoticesStore } from '@/ui/notices'
import { notAwaited, useAnnouncementsStore } from './announcements'
import { strongPredictions } from './labels'
import { prepare } from './prepare'
import { Turns } from './turns'
import { wayOf } from './ways'

/** Browsers open six connections to a server: with three uploads, a tick waits for none of them. */
const uploadsAtOnce = 3
/** A decoded photo can take hundreds of megabytes. */
const decodesAtOnce = 2

export interface Upload {
  /** Null when the classifier is asked again about the picture that the task has. */
  file: File | null
  phase: 'waiting' | 'preparing' | 'uploading' | 'recognising'
  /** The share of the file that has been sent, 0..1. */
  sent: number
  /** Whether the server goes on with it even if this page closes. */
  stored: boolean
}

/** Why a task's last picture failed. */
export interface Failure {
  problem: Problem
  /** Null where trying again can't help. */
  retry: (() => Promise<void>) | null
}

const noPicture: Partial<Task> = { upload: false, imageStatus: 'none', labels: [], predictions: [], ...notAwaited }

/** The pictures of tasks, and the uploads under way by task id. */
export const usePicturesStore = defineStore('pictures', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const config = useConfigStore()
  const notices = useNoticesStore()
  const announcements = useAnnouncementsStore()
  const uploads = shallowReactive(new Map<string, Upload>())
  const failures = shallowReactive(new Map<string, Failure>())
  const running = new Map<string, { controller: AbortController; retry: () => Promise<void> }>()
  const removals = new Map<string, () => void>()
  const uploading = new Turns(uploadsAtOnce)
  const decoding = new Turns(decodesAtOnce)

  const fail = (taskID: string, problem: Problem, retry: Failure['retry'] = null) => { failures.set(taskID, { problem, retry }) }

  /** Returns why a file can't be a photo, or null. Images of other types may be converted, and large ones shrunk. */
  function check(file: File): Problem | null {
    if (file.type !== '' && !file.type.startsWith('image/')) return new Problem(0, 'wrong_type')
    return file.size === 0 ? new Problem(0, 'empty_file') : null
  }

  /** Sends a picture to a task and waits for its labels. It never throws: `failures` has what went wrong. */
  async function attach(taskID: string, file: File, isOneOfSeveral = false): Promise<void> {
    const problem = check(file)
    if (problem !== null) {
      fail(taskID, problem)
      return
    }
    const first = { file, phase: 'waiting', sent: 0, stored: false } as const
    await run(taskID, first, () => attach(taskID, file, isOneOfSeveral), async (signal, show) => {
      const picture = await decoding.run(signal, () => {
        show({ ...first, phase: 'preparing' })
        return prepare(file, config.current.limits.pictureTypes, signal)
      })
      if (picture.size > config.current.limits.pictureBytes) throw new Problem(0, 'too_large')
      show(first)
      await tasks.whenCreated(taskID)
      const onSent = (bytes: number) => {
        const sent = Math.min(1, bytes / picture.size)
        show({ ...first, phase: sent < 1 ? 'uploading' : 'recognising', sent })
      }
      if (wayOf(picture, isOneOfSeveral, config.current) === 'direct') {
        return uploading.run(signal, () => {
          show({ ...first, phase: 'uploading' })
          return session.authorized((token) => functions.predictImage(token, taskID, picture, { signal, onSent }))
        })
      }
      await uploading.run(signal, () => {
        show({ ...first, phase: 'uploading' })
        return announcements.send(taskID, picture, signal, onSent)
      })
      show({ ...first, phase: 'recognising', sent: 1, stored: true })
      return announcements.labelled(taskID, signal)
    })
  }

  /** Asks the classifier again about a task's picture. It never throws. */
  async function recogniseAgain(taskID: string): Promise<void> {
    await run(taskID, { file: null, phase: 'recognising', sent: 1, stored: true }, () => recogniseAgain(taskID), (signal) =>
      session.authorized((token) => functions.predictAgain(token, taskID, signal)))
  }

  async function run(
    taskID: string, first: Upload, retry: () => Promise<void>, work: (signal: AbortSignal, show: (upload: Upload) => void) => Promise<Task>,
  ): Promise<void> {
    cancel(taskID)
    withdrawRemoval(taskID)
    failures.delete(taskID)
    const controller = new AbortController()
    running.set(taskID, { controller, retry })
    uploads.set(taskID, first)
    const before = tasks.byID.get(taskID)
    const isCurrent = () => running.get(taskID)?.controller === controller
    try {
      const task = await work(controller.signal, (upload) => { if (isCurrent()) uploads.set(taskID, upload) })
      tasks.share(task)
      const labels = strongPredictions(task.predictions).map(({ label }) => label)
      if (task.imageStatus === 'done') notices.announce('recognised', { title: task.title, labels })
    } catch (thrown) {
      const reason = controller.signal.aborted ? cancelledProblem() : asProblem(thrown)
      const isSent = uploads.get(taskID)?.phase === 'recognising'
      const problem = isSent && reason.answerLost ? new Problem(reason.status, 'outcome_unknown') : reason
      if (isCurrent() && !problem.cancelled) fail(taskID, problem, problem.retryable ? retry : null)
      if (await isStored(taskID, before) && isCurrent() && problem.retryable) dismiss(taskID)
      if (isCurrent() && problem.outcomeUnknown) void dismissOnceLabelled(taskID, problem)
    } finally {
      if (isCurrent()) forget(taskID)
    }
  }

  /** Asks for the task after a failed upload, and reports whether the server has stored the picture all the same. */
  async function isStored(taskID: string, before: Task | undefined): Promise<boolean> {
    if (session.token === null) return false
    const task = await tasks.refresh(taskID).catch((thrown: unknown) => {
      if (asProblem(thrown).retryable) tasks.lookAgain(taskID)
      return null
    })
    if (task?.upload !== true || before === undefined) return false
    // A new version alone may be a change of the text, made elsewhere.
    return !before.upload || task.imageStatus !== before.imageStatus || !isSame(task.predictions, before.predictions)
  }

  /** Dismisses an unknown outcome if the picture's labels come all the same. */
  async function dismissOnceLabelled(taskID: string, problem: Problem): Promise<void> {
    if (tasks.byID.get(taskID)?.uploading !== true) return
    const task = await announcements.labelled(taskID).catch(() => null)
    if (task?.uploadError === null && failures.get(taskID)?.problem === problem) dismiss(taskID)
  }

  /** Removes a task's picture: hidden at once, removed on the server when the notice closes. */
  function remove({ id, title }: Task): void {
    cancel(id)
    dismiss(id)
    tasks.overlay(id, 'picture', noPicture)
    removals.set(id, notices.offer('photoRemoved', { title, taskID: id }, {
      undo: () => { withdrawRemoval(id) },
      commit: async () => {
        try {
          tasks.share(await session.authorized((token) => functions.deleteImage(token, id)))
        } catch (thrown) {
          const problem = asProblem(thrown)
          if (problem.taskGone) tasks.drop(id)
          else if (problem.code === 'no_picture') await tasks.refresh(id).catch(() => undefined)
          else fail(id, problem.cancelled ? new Problem(0, 'not_removed') : problem)
          if (problem.outcomeUnknown) tasks.lookAgain(id)
        } finally {
          withdrawRemoval(id)
        }
      },
    }))
  }

  function withdrawRemoval(taskID: string): void {
    removals.get(taskID)?.()
    removals.delete(taskID)
    tasks.overlay(taskID, 'picture', null)
  }

  function forget(taskID: string): void {
    running.delete(taskID)
    uploads.delete(taskID)
  }

  function cancel(taskID: string): void {
    const controller = running.get(taskID)?.controller
    forget(taskID)
    controller?.abort()
  }

  function dismiss(taskID: string): void {
    failures.delete(taskID)
  }

  /** Stops sending a picture, and awaiting it. */
  function cancelAndWithdraw(taskID: string): void {
    cancel(taskID)
    announcements.withdraw(taskID)
  }

  /** Dismisses what went wrong with a picture, here and on the server. */
  function dismissEverywhere(taskID: string): void {
    dismiss(taskID)
    announcements.withdraw(taskID)
  }

  /** Returns the bytes of a task's picture; throws a Problem. */
  function load(taskID: string, size: PictureSize, signal: AbortSignal): Promise<Blob> {
    return session.authorized((token) => functions.getImage(token, taskID, size, signal))
  }

  /** Stops all uploads because the session has ended. They can be retried in the next one. */
  function interrupt(): void {
    for (const [taskID, { retry }] of [...running]) {
      cancel(taskID)
      fail(taskID, new Problem(0, 'interrupted'), retry)
    }
  }

  /** Forgets everything, for the next user. */
  function reset(): void {
    interrupt()
    failures.clear()
  }

  /** Whether closing the page would stop a picture. */
  const isSending = computed(() => [...uploads.values()].some(({ stored }) => !stored))

  return {
    uploads, failures, isSending, check, attach, recogniseAgain, remove, cancel, cancelAndWithdraw, dismissEverywhere, load, interrupt, reset,
  }
})

function isSame(a: readonly Prediction[], b: readonly Prediction[]): boolean {
  return a.length === b.length && a.every(({ label, score }, index) => label === b[index]?.label && score === b[index]?.score)
}
