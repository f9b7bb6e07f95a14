import type { SessionGrant } from '@/api/types'

const key = 'snaptask.session'

/** Returns the session that this browser's tabs share, or null without one or without access to storage. */
export function readSession(): SessionGrant | null {
  try {
    const { token, username, expiresAt } = JSON.parse(localStorage.getItem(key) ?? 'null') as Record<string, unknown>
    if (typeof token !== 'string' || typeof username !== 'string' || typeof expiresAt !== 'string') return null
    return { token, username, expiresAt }
  } catch {
    return null
  }
}

/** Stores or removes the session. Without access to storage, the session lasts as long as its tab. */
export function writeSession(session: SessionGrant | null): void {
  try {
    if (session === null) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(session))
  } catch {
    return
  }
}

/** Calls back when another tab signs in or out. */
export function watchSession(changed: (session: SessionGrant | null) => void): void {
  window.addEventListener('storage', (event) => {
    if (event.key === key || event.key === null) changed(readSession())
  })
}
