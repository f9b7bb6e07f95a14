import { defineStore } from 'pinia'
import { useSessionStore } from '@/account/session'
import { functions } from '@/api/functions'
import { asProblem } from '@/api/problem'
import type { Task } from '@/api/types'
import { usePicturesStore } from '@/pictures/pictures'
import { useNoticesStore } from '@/ui/notices'
import { useTasksStore } from './tasks'

/** Deletes tasks: hidden at once, deleted on the server when the notice closes. */
export const useDeletionsStore = defineStore('deletions', () => {
  const session = useSessionStore()
  const tasks = useTasksStore()
  const pictures = usePicturesStore()
  const notices = useNoticesStore()

  function remove(task: Task): void {
    pictures.cancel(task.id)
    tasks.setHidden(task.id, true)
    notices.offer('deleted', { title: task.title, taskID: task.id }, {
      undo: () => { tasks.setHidden(task.id, false) },
      commit: () => commit(task),
    })
  }

  async function commit({ id, title }: Task): Promise<void> {
    try {
      await tasks.whenCreated(id)
      await session.authorized((token) => functions.deleteTask(token, id))
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (!problem.taskGone) {
        tasks.setHidden(id, false)
        if (problem.outcomeUnknown) tasks.lookAgain(id)
        notices.say(problem.outcomeUnknown ? 'maybeDeleted' : 'notDeleted', { title, problem })
        return
      }
    }
    tasks.dropEverywhere(id)
  }

  return { remove }
})
