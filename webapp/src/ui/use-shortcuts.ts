import { useEventListener } from '@vueuse/core'
import { usePreferencesStore } from './preferences'

/** Runs an action for Ctrl or Cmd with Z, except in text fields, which undo by themselves, and dialogs. */
export function useUndoKey(undo: () => void): void {
  useEventListener(document, 'keydown', (event) => {
    if (event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('dialog[open]') !== null || isTextField(event.target)) return
    event.preventDefault()
    undo()
  })
}

/** Runs an action for a single key, except in text fields and dialogs, with Ctrl, Meta or Alt, or when the user has switched that off. */
export function useShortcuts(actions: Readonly<Record<string, () => void>>): void {
  const preferences = usePreferencesStore()
  useEventListener(document, 'keydown', (event) => {
    const action = actions[event.key]
    if (action === undefined || !preferences.singleKeys || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector('dialog[open]') !== null || isTextField(event.target)) return
    event.preventDefault()
    action()
  })
}

const textFields = 'textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=file])'

export function isTextField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(textFields)
}
