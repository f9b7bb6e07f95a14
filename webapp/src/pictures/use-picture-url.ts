import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'
import type { PictureSize } from '@/api/types'
import { usePicturesStore } from './pictures'
import { useOnline } from '@/ui/use-online'

/** Which picture to show: a file of this machine, or a task's picture, whose version changes when the picture does. */
export type PictureSource =
  | { kind: 'file'; file: File }
  | { kind: 'task'; taskId: string; version: number; size: PictureSize }

/**
 * An address for an img element, of a picture that must be fetched with the session's token. The last picture stays until
 * the next one is here, so that nothing flickers; one that could not be had is asked for again when the network is back. No
 * address outlives the component.
 */
export function usePictureUrl(source: () => PictureSource | null): {
  url: Readonly<Ref<string | null>>
  problem: Readonly<Ref<Problem | null>>
  /** Fetches the picture once more. */
  retry: () => void
} {
  const pictures = usePicturesStore()
  const url = shallowRef<string | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let loading: AbortController | undefined

  function show(picture: Blob | null): void {
    if (url.value !== null) URL.revokeObjectURL(url.value)
    url.value = picture === null ? null : URL.createObjectURL(picture)
  }

  async function load(wanted: PictureSource | null): Promise<void> {
    loading?.abort()
    problem.value = null
    if (wanted?.kind !== 'task') {
      show(wanted?.file ?? null)
      return
    }
    const { signal } = (loading = new AbortController())
    try {
      const picture = await pictures.load(wanted.taskId, wanted.size, signal)
      if (!signal.aborted) show(picture)
    } catch (thrown) {
      const reason = asProblem(thrown)
      if (reason.cancelled || signal.aborted) return
      problem.value = reason
      show(null)
    }
  }

  watch(source, (wanted, before) => { if (!same(wanted, before)) void load(wanted) }, { immediate: true })
  useOnline(() => { if (problem.value?.mayPass === true) void load(source()) })
  onScopeDispose(() => {
    loading?.abort()
    show(null)
  })
  return { url, problem, retry: () => { void load(source()) } }
}

function same(a: PictureSource | null, b: PictureSource | null | undefined): boolean {
  if (a === null || b === null || b === undefined) return a === b
  if (a.kind === 'file') return b.kind === 'file' && a.file === b.file
  return b.kind === 'task' && a.taskId === b.taskId && a.version === b.version && a.size === b.size
}
