import type { SessionGrant } from '@/api/types'

const key = 'snaptask.session'

/** The session kept by this browser for all its tabs; null without one, or where nothing may be kept. */
export function readSession(): SessionGrant | null {
  try {
    return parseSession(localStorage.getItem(key))
  } catch {
    return null
  }
}

/** Keeps or forgets the session. A browser that refuses to keep it still has it in this tab. */
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

function parseSession(kept: string | null): SessionGrant | null {
  const value: unknown = JSON.parse(kept ?? 'null')
  if (typeof value !== 'object' || value === null) return null
  const { token, username, expiresAt } = value as Record<string, unknown>
  if (typeof token !== 'string' || typeof username !== 'string' || typeof expiresAt !== 'string') return null
  return { token, username, expiresAt }
}
