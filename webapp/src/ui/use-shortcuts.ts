import { onBeforeUnmount, onMounted } from 'vue'
import { usePreferencesStore } from './preferences'

/** Keys that do something anywhere on the page unless the person has switched them off, but not while somebody types, in a dialog, or with Ctrl and the like. */
export function useShortcuts(actions: Readonly<Record<string, () => void>>): void {
  const preferences = usePreferencesStore()
  function pressed(event: KeyboardEvent): void {
    const action = actions[event.key]
    if (action === undefined || !preferences.singleKeys || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector('dialog[open]') !== null || isForTyping(event.target)) return
    event.preventDefault()
    action()
  }
  onMounted(() => { document.addEventListener('keydown', pressed) })
  onBeforeUnmount(() => { document.removeEventListener('keydown', pressed) })
}

const typed = 'textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=file])'

/** Whether keys that are pressed there are meant for it. */
export function isForTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(typed)
}
