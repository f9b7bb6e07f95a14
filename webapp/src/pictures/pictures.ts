import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, type Problem } from '@/api/problem'
import type { PictureSize, Task } from '@/api/types'
import { strongPredictions } from './labels'
import { megabytes } from '@/ui/numbers'
import { fit } from './fit'
import { text } from '@/ui/text'
import { useConfigStore } from '@/api/config'
import { useNoticesStore } from '@/ui/notices'
import { useSessionStore } from '@/account/session'
import { useTasksStore } from '@/tasks/tasks'

/** A photo on its way to a task. */
export interface Upload {
  /** Null when the task's own photo is looked at again. */
  file: File | null
  phase: 'preparing' | 'uploading' | 'recognising'
  /** Share of the file that has left, 0..1. */
  sent: number
}

/** What went wrong with the last photo of a task. */
export interface PictureProblem {
  words: string
  /** Tries the same once more; null where that would end the same way. */
  retry: (() => Promise<void>) | null
}

const without: Partial<Task> = { upload: false, imageStatus: 'none', labels: [], predictions: [] }

/** Photos on their way, by task, and the photos that tasks have. */
export const usePicturesStore = defineStore('pictures', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const config = useConfigStore()
  const notices = useNoticesStore()
  const uploads = shallowReactive(new Map<string, Upload>())
  const problems = shallowReactive(new Map<string, PictureProblem>())
  const running = new Map<string, { controller: AbortController; again: () => Promise<void> }>()
  const removals = new Map<string, () => void>()

  /** What forbids sending this file, in words; null when nothing does. A photo that is only too large may still be made smaller. */
  function refusal(file: File): string | null {
    if (file.type !== '' && !config.current.limits.pictureTypes.includes(file.type)) return text.picture.wrongKind
    return file.size === 0 ? text.picture.empty : null
  }

  /** Sends a photo to a task and waits for its labels. It never throws: `problems` tells what went wrong. */
  async function attach(taskId: string, file: File): Promise<void> {
    const refused = refusal(file)
    if (refused !== null) {
      problems.set(taskId, { words: refused, retry: null })
      return
    }
    const again = () => attach(taskId, file)
    await run(taskId, { file, phase: 'preparing', sent: 0 }, again, async (signal, show) => {
      const photo = await fit(file, signal).catch(() => { throw cancelledProblem() })
      const { pictureBytes } = config.current.limits
      if (photo.size > pictureBytes) {
        problems.set(taskId, { words: text.picture.tooLarge(megabytes(pictureBytes)), retry: null })
        throw cancelledProblem()
      }
      show({ file, phase: 'uploading', sent: 0 })
      const onSent = (bytes: number) => {
        const sent = Math.min(1, bytes / photo.size)
        show({ file, phase: sent < 1 ? 'uploading' : 'recognising', sent })
      }
      return session.authorized((token) => functions.predictImage(taskId, photo, { token, signal, onSent }))
    })
  }

  /** Lets the classifier look again at the photo that a task has. It never throws. */
  async function lookAgain(taskId: string): Promise<void> {
    await run(taskId, { file: null, phase: 'recognising', sent: 1 }, () => lookAgain(taskId), (signal) =>
      session.authorized((token) => functions.predictAgain(token, taskId, signal)))
  }

  async function run(
    taskId: string, first: Upload, again: () => Promise<void>, work: (signal: AbortSignal, show: (upload: Upload) => void) => Promise<Task>,
  ): Promise<void> {
    cancel(taskId)
    keep(taskId)
    problems.delete(taskId)
    const controller = new AbortController()
    running.set(taskId, { controller, again })
    uploads.set(taskId, first)
    const current = () => running.get(taskId)?.controller === controller
    try {
      const task = await work(controller.signal, (upload) => { if (current()) uploads.set(taskId, upload) })
      tasks.share(task)
      if (task.imageStatus === 'done') notices.read(text.picture.recognised(task.title, strongPredictions(task.predictions).map(({ label }) => label).join(', ')))
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (current() && !reason.cancelled) problems.set(taskId, { words: reason.message, retry: reason.mayPass ? again : null })
      await settle(taskId, reason, current)
    } finally {
      if (current()) forget(taskId)
    }
  }

  /** After a photo did not come through, only the server knows what the task has now: it may have kept the photo. */
  async function settle(taskId: string, reason: Problem, current: () => boolean): Promise<void> {
    if (session.token === null) return
    try {
      const task = await tasks.refresh(taskId)
      // A photo that is kept and waits has a word of its own beside the task.
      if (reason.status === 503 && current() && task.imageStatus === 'pending') dismiss(taskId)
    } catch {
      return // what went wrong first is shown already
    }
  }

  /** Takes the photo off a task: out of sight at once, on the server when there was time to take it back. */
  function remove(task: Task): void {
    cancel(task.id)
    dismiss(task.id)
    tasks.overlay(task.id, 'picture', without)
    const withdraw = notices.offer(text.picture.removed(task.title), {
      undo: () => { keep(task.id) },
      commit: async () => {
        try {
          tasks.share(await session.authorized((token) => functions.deleteImage(token, task.id)))
        } catch (thrown) {
          const reason = asProblem(thrown)
          if (reason.status === 404) return
          problems.set(task.id, { words: reason.cancelled ? text.picture.notRemoved : reason.message, retry: null })
        } finally {
          keep(task.id)
        }
      },
    })
    removals.set(task.id, withdraw)
  }

  /** Forgets that the photo was to go. */
  function keep(taskId: string): void {
    removals.get(taskId)?.()
    removals.delete(taskId)
    tasks.overlay(taskId, 'picture', null)
  }

  function forget(taskId: string): void {
    running.delete(taskId)
    uploads.delete(taskId)
  }

  function cancel(taskId: string): void {
    const controller = running.get(taskId)?.controller
    forget(taskId)
    controller?.abort()
  }

  function dismiss(taskId: string): void {
    problems.delete(taskId)
  }

  /** The bytes of a task's photo; throws a Problem. */
  function load(taskId: string, size: PictureSize, signal: AbortSignal): Promise<Blob> {
    return session.authorized((token) => functions.getImage(token, taskId, size, signal))
  }

  /** Stops everything that needs the session, which has ended; the person may go on with it in another. */
  function interrupt(): void {
    for (const [taskId, { again }] of [...running]) {
      cancel(taskId)
      problems.set(taskId, { words: text.picture.interrupted, retry: again })
    }
  }

  /** Forgets everything, for the next person. */
  function reset(): void {
    interrupt()
    problems.clear()
  }

  return { uploads, problems, refusal, attach, lookAgain, remove, cancel, dismiss, load, interrupt, reset }
})
