import { defineStore } from 'pinia'
import { functions } from '@/api/functions'
import { asProblem } from '@/api/problem'
import type { Task } from '@/api/types'
import { text } from '@/ui/text'
import { useNoticesStore } from '@/ui/notices'
import { usePicturesStore } from '@/pictures/pictures'
import { useSessionStore } from '@/account/session'
import { useTasksStore } from './tasks'

/** Deletes tasks: out of sight at once, on the server when there was time to take it back. */
export const useDeletionsStore = defineStore('deletions', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const pictures = usePicturesStore()
  const notices = useNoticesStore()

  function remove(task: Task): void {
    pictures.cancel(task.id)
    tasks.hide(task.id, true)
    notices.offer(text.tasks.deleted(task.title), {
      undo: () => { tasks.hide(task.id, false) },
      commit: () => commit(task),
    })
  }

  /** One that is gone already counts as deleted. */
  async function commit(task: Task): Promise<void> {
    try {
      await session.authorized((token) => functions.deleteTask(token, task.id))
      tasks.dropEverywhere(task.id)
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.status === 404) {
        tasks.dropEverywhere(task.id)
        return
      }
      tasks.hide(task.id, false)
      // Cancelled is what a call becomes whose session ends before it.
      notices.say(text.tasks.notDeleted(task.title, reason.cancelled ? text.problem.signedOut : reason.message))
    }
  }

  return { remove }
})
