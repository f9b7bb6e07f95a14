import { useEventListener } from '@vueuse/core'
import { ref, type Ref } from 'vue'
import { isTextField } from '@/ui/use-shortcuts'

function photosIn(data: DataTransfer | null): File[] {
  return Array.from(data?.files ?? []).filter((file) => file.type.startsWith('image/'))
}

/** Reports whether files are dragged, not text. */
export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true
}

/** Returns a listener for pasted photos. In a text field, text that comes with the photo wins. */
export function onPastedPhoto(pasted: (files: File[]) => void): (event: ClipboardEvent) => void {
  return (event) => {
    const files = photosIn(event.clipboardData)
    if (files.length === 0 || event.defaultPrevented) return
    if (event.clipboardData?.types.includes('text/plain') === true && isTextField(event.target)) return
    event.preventDefault()
    pasted(files)
  }
}

/** Returns whether a file hovers over an element, and the listeners to bind to it. */
export function usePhotoDrop(dropped: (files: File[]) => void): {
  isOver: Readonly<Ref<boolean>>
  listeners: Record<'dragenter' | 'dragover' | 'dragleave' | 'drop', (event: DragEvent) => void>
} {
  const isOver = ref(false)
  // A child's dragenter comes before its parent's dragleave.
  let depth = 0

  return {
    isOver,
    listeners: {
      dragenter(event) {
        if (!hasFiles(event)) return
        depth += 1
        isOver.value = true
      },
      dragover(event) {
        if (!hasFiles(event)) return
        event.preventDefault()
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy'
      },
      dragleave() {
        depth = Math.max(0, depth - 1)
        isOver.value = depth > 0
      },
      drop(event) {
        depth = 0
        isOver.value = false
        const photos = photosIn(event.dataTransfer)
        const files = photos.length > 0 ? photos : Array.from(event.dataTransfer?.files ?? []).slice(0, 1)
        if (files.length === 0 || event.defaultPrevented) return
        event.preventDefault()
        dropped(files)
      },
    },
  }
}

/** Takes photos dropped or pasted anywhere else on the page, unless a dialog is open. Returns whether one hovers over the page. */
export function usePhotoAnywhere(taken: (files: File[]) => void): Readonly<Ref<boolean>> {
  function take(files: File[]): void {
    if (document.querySelector('dialog[open]') === null) taken(files)
  }
  const { isOver, listeners } = usePhotoDrop(take)
  for (const name of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) useEventListener(document, name, listeners[name])
  useEventListener(document, 'paste', onPastedPhoto(take))
  return isOver
}
