import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, type Problem } from '@/api/problem'
import type { PictureSize } from '@/api/types'
import { megabytes } from '@/domain/numbers'
import { text } from '@/text'
import { useConfigStore } from './config'
import { useSessionStore } from './session'
import { useTasksStore } from './tasks'

/** A photo on its way to a task. */
export interface Upload {
  file: File
  phase: 'uploading' | 'recognising'
  /** Share of the file that has left, 0..1. */
  sent: number
}

/** Photos on their way, by task, and the photos that tasks have. */
export const usePicturesStore = defineStore('pictures', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const config = useConfigStore()
  const uploads = shallowReactive(new Map<string, Upload>())
  /** What went wrong with the last photo of a task, in words. */
  const problems = shallowReactive(new Map<string, string>())
  const cancels = new Map<string, AbortController>()

  /** What forbids sending this file, in words; null when nothing does. */
  function refusal(file: File): string | null {
    const { pictureBytes, pictureTypes } = config.current.limits
    if (file.type !== '' && !pictureTypes.includes(file.type)) return text.picture.wrongKind
    if (file.size > pictureBytes) return text.picture.tooLarge(megabytes(pictureBytes))
    return file.size === 0 ? text.picture.empty : null
  }

  /** Sends a photo to a task and waits for its labels. It never throws: `problems` tells what went wrong. */
  async function attach(taskId: string, file: File): Promise<void> {
    const refused = refusal(file)
    if (refused !== null) {
      problems.set(taskId, refused)
      return
    }
    cancel(taskId)
    problems.delete(taskId)
    const controller = new AbortController()
    cancels.set(taskId, controller)
    uploads.set(taskId, { file, phase: 'uploading', sent: 0 })
    const current = () => cancels.get(taskId) === controller
    const onSent = (bytes: number) => {
      const share = Math.min(1, bytes / file.size)
      if (current()) uploads.set(taskId, { file, phase: share < 1 ? 'uploading' : 'recognising', sent: share })
    }

    try {
      tasks.put(await session.authorized((token) =>
        functions.predictImage(taskId, file, { token, signal: controller.signal, onSent })))
    } catch (thrown) {
      await settle(taskId, asProblem(thrown), current)
    } finally {
      if (current()) forget(taskId)
    }
  }

  /** After a photo did not come through, only the server knows what the task has now: it may have kept the photo. */
  async function settle(taskId: string, reason: Problem, current: () => boolean): Promise<void> {
    if (!reason.cancelled) problems.set(taskId, reason.message)
    if (session.token === null) return
    try {
      await tasks.refresh(taskId)
      // A photo that is kept and waits has a word of its own beside the task.
      if (reason.status === 503 && current() && tasks.byId.get(taskId)?.imageStatus === 'pending') dismiss(taskId)
    } catch {
      return // what went wrong first is shown already
    }
  }

  function forget(taskId: string): void {
    cancels.delete(taskId)
    uploads.delete(taskId)
  }

  function cancel(taskId: string): void {
    const controller = cancels.get(taskId)
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

  /** Stops and forgets everything, for the next person. */
  function reset(): void {
    for (const taskId of [...cancels.keys()]) cancel(taskId)
    problems.clear()
  }

  return { uploads, problems, attach, cancel, dismiss, load, reset }
})
