import { defineStore } from 'pinia'
import { v7 } from 'uuid'
import { serverTime } from '@/api/clock'
import { asProblem, type Problem } from '@/api/problem'
import type { TaskDraft } from '@/api/types'
import { usePicturesStore } from '@/pictures/pictures'
import { useNoticesStore } from '@/ui/notices'
import { useDraftsStore } from './drafts'
import { useTasksStore } from './tasks'

/** Adds tasks: shown at once, created one beside the other, and given back to their author if they can't be. */
export const useAdditionsStore = defineStore('additions', () => {
  const tasks = useTasksStore()
  const pictures = usePicturesStore()
  const drafts = useDraftsStore()
  const notices = useNoticesStore()

  /** Adds a task, under the id with which it was sent before, if any. Returns why it is back in the form, or null if it is not. */
  async function add(written: TaskDraft, photo: File | null, sentAs: string | null, isOneOfSeveral = false): Promise<Problem | null> {
    const draft = { ...written, id: sentAs ?? v7({ msecs: serverTime() }) }
    const creation = tasks.create(draft)
    const shown = tasks.get(draft.id)
    if (shown !== undefined && tasks.isVisible(shown)) notices.announce('added', { title: draft.title })
    else notices.say('addedHidden', { title: draft.title })
    if (photo !== null) void pictures.attach(draft.id, photo, isOneOfSeveral)
    try {
      await creation
      return null
    } catch (thrown) {
      const problem = asProblem(thrown)
      return drafts.giveBack({ draft, photo, problem }) ? problem : null
    }
  }

  /** Sends a task again that is kept beside the form. */
  async function retry(id: string): Promise<void> {
    const kept = drafts.unsent.get(id)
    drafts.unsent.delete(id)
    if (kept !== undefined) await add(kept.draft, kept.photo, kept.problem.outcomeUnknown ? id : null)
  }

  /** Adds a task for each photo, named after its file. */
  function addPhotos(photos: readonly File[], dueDate: string): void {
    for (const photo of photos) void add({ title: titleOf(photo), body: '', dueDate }, photo, null, photos.length > 1)
  }

  return { add, addPhotos, retry }
})

/** Returns a title for a photo without one: the name of its file. */
export function titleOf({ name }: File): string {
  return name.replace(/\.\w+$/, '').replaceAll('_', ' ').trim() || name
}
