import { nextTick } from 'vue'
import { useNoticesStore, type Notice } from './notices'

/** Returns a function that undoes what a notice is about, the last one if none is given, and moves the focus to its task. */
export function useUndo(): (notice?: Notice) => Promise<void> {
  const notices = useNoticesStore()
  return async (notice = notices.list.findLast(({ undoable }) => undoable)) => {
    if (notice === undefined) return
    notices.undo(notice.id)
    await nextTick()
    const task = document.getElementById(`task-${notice.taskID ?? ''}`)
    if (task?.contains(document.activeElement) === false) task.focus({ preventScroll: true })
  }
}
