import { nextTick } from 'vue'
import { useNoticesStore, type Notice } from './notices'

/** Returns a function that undoes what a notice is about, or else the last action that can be undone, and moves the focus to its task. */
export function useUndo(): (notice?: Notice) => Promise<void> {
  const notices = useNoticesStore()
  return async (notice) => {
    if (notice !== undefined) notices.undo(notice.id)
    const undone = notice ?? notices.undoLast()
    if (undone === undefined) return
    await nextTick()
    const task = document.getElementById(`task-${undone.taskID ?? ''}`)
    if (task?.contains(document.activeElement) === false) task.focus({ preventScroll: true })
  }
}
