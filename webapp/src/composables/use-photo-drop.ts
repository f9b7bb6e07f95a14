import { ref, type Ref } from 'vue'
import { isForTyping } from './use-shortcuts'

/** The first picture among what is pasted or dropped, if there is one. */
function pictureIn(data: DataTransfer | null): File | undefined {
  return Array.from(data?.files ?? []).find((file) => file.type.startsWith('image/'))
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
  const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

  function leave(): void {
    depth = Math.max(0, depth - 1)
    over.value = depth > 0
  }

  return {
    over,
    listeners: {
      dragenter(event) {
        if (!carriesFile(event)) return
        depth += 1
        over.value = true
      },
      dragover(event) {
        if (!carriesFile(event)) return
        event.preventDefault()
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy'
      },
      dragleave: leave,
      drop(event) {
        depth = 0
        over.value = false
        const file = pictureIn(event.dataTransfer) ?? event.dataTransfer?.files[0]
        if (file === undefined) return
        event.preventDefault()
        dropped(file)
      },
    },
  }
}
