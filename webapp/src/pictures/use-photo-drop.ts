import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { isForTyping } from '@/ui/use-shortcuts'

/** The first picture among what is pasted or dropped, if there is one. */
function pictureIn(data: DataTransfer | null): File | undefined {
  return Array.from(data?.files ?? []).find((file) => file.type.startsWith('image/'))
}

/** Whether files are dragged, and not words or the like. */
export function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true
}

/** A listener for pasted pictures. Where somebody types, words that come along with a picture are what is meant. */
export function onPastedPhoto(pasted: (file: File) => void): (event: ClipboardEvent) => void {
  return (event) => {
    const file = pictureIn(event.clipboardData)
    if (file === undefined || event.defaultPrevented) return
    if (event.clipboardData?.types.includes('text/plain') === true && isForTyping(event.target)) return
    event.preventDefault()
    pasted(file)
  }
}

/** Lets a file be dropped anywhere on an element: whether one hovers there, and the listeners to bind. */
export function usePhotoDrop(dropped: (file: File) => void): {
  over: Readonly<Ref<boolean>>
  listeners: Record<'dragenter' | 'dragover' | 'dragleave' | 'drop', (event: DragEvent) => void>
} {
  const over = ref(false)
  // Entering a child comes before leaving its parent.
  let depth = 0

  function leave(): void {
    depth = Math.max(0, depth - 1)
    over.value = depth > 0
  }

  return {
    over,
    listeners: {
      dragenter(event) {
        if (!carriesFiles(event)) return
        depth += 1
        over.value = true
      },
      dragover(event) {
        if (!carriesFiles(event)) return
        event.preventDefault()
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy'
      },
      dragleave: leave,
      drop(event) {
        depth = 0
        over.value = false
        const file = pictureIn(event.dataTransfer) ?? event.dataTransfer?.files[0]
        if (file === undefined || event.defaultPrevented) return
        event.preventDefault()
        dropped(file)
      },
    },
  }
}

/** Takes photos that are dropped or pasted where nothing else does, unless a dialog is open; gives whether one hovers over the page. */
export function usePhotoAnywhere(taken: (file: File) => void): Readonly<Ref<boolean>> {
  function take(file: File): void {
    if (document.querySelector('dialog[open]') === null) taken(file)
  }
  const { over, listeners } = usePhotoDrop(take)
  const all = Object.entries({ ...listeners, paste: onPastedPhoto(take) }) as [string, EventListener][]
  onMounted(() => { for (const [name, listener] of all) document.addEventListener(name, listener) })
  onBeforeUnmount(() => { for (const [name, listener] of all) document.removeEventListener(name, listener) })
  return over
}
