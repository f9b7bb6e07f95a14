import { useEventListener, useObjectUrl } from '@vueuse/core'
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'
import type { PictureSize } from '@/api/types'
import { usePicturesStore } from './pictures'

/** A local file, or a task's picture; the version changes when the picture does. */
export type PictureSource = { file: File } | { taskID: string; version: number; size: PictureSize }

/**
 * Returns a URL for an img element, whose bytes must be fetched with the session's token. The last picture stays until the
 * next one has arrived, so that nothing flickers. A failed request is repeated when the browser is online again.
 */
export function usePictureURL(source: () => PictureSource | null): {
  url: Readonly<Ref<string | undefined>>
  problem: Readonly<Ref<Problem | null>>
  retry: () => void
} {
  const pictures = usePicturesStore()
  const picture = shallowRef<Blob | null>(null)
  const url = useObjectUrl(picture)
  const problem = shallowRef<Problem | null>(null)
  let loading: AbortController | undefined

  async function load(wanted: PictureSource | null): Promise<void> {
    loading?.abort()
    problem.value = null
    if (wanted === null || 'file' in wanted) {
      picture.value = wanted?.file ?? null
      return
    }
    const { signal } = (loading = new AbortController())
    try {
      const loaded = await pictures.load(wanted.taskID, wanted.size, signal)
      if (!signal.aborted) picture.value = loaded
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.cancelled || signal.aborted) return
      problem.value = reason
      picture.value = null
    }
  }

  watch(source, (wanted, before) => { if (!isSame(wanted, before)) void load(wanted) }, { immediate: true })
  useEventListener('online', () => { if (problem.value?.retryable === true) void load(source()) })
  onScopeDispose(() => { loading?.abort() })
  return { url, problem, retry: () => { void load(source()) } }
}

function isSame(a: PictureSource | null, b: PictureSource | null | undefined): boolean {
  if (a === null || b === null || b === undefined) return a === b
  if ('file' in a || 'file' in b) return 'file' in a && 'file' in b && a.file === b.file
  return a.taskID === b.taskID && a.version === b.version && a.size === b.size
}
