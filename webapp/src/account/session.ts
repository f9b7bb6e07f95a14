import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, fieldProblem } from '@/api/problem'
import type { Credentials, PasswordChange, SessionGrant } from '@/api/types'
import { readSession, watchSession, writeSession } from './session-storage'

/** Why nobody is signed in any more, where it was not by signing out here. */
export type EndReason = 'ended' | 'elsewhere' | 'deleted'

/** Who is signed in. */
export const useSessionStore = defineStore('session', () => {
  const grant = shallowRef<SessionGrant | null>(readSession())
  const endReason = ref<EndReason | null>(null)
  const username = computed(() => grant.value?.username ?? null)
  /** Changes whenever another session begins or ends; everything that belongs to a session is forgotten then. */
  const token = computed(() => grant.value?.token ?? null)

  /** The name of an account that may be there already, since the answer about it was lost or signing in failed after it. */
  let perhapsMade: string | null = null

  watchSession((other) => {
    if (other?.token === grant.value?.token) return
    endReason.value = other === null ? 'elsewhere' : null
    grant.value = other
  })

  // The reason comes first, for those who watch the session.
  function become(next: SessionGrant | null, reason: EndReason | null = null): void {
    endReason.value = reason
    grant.value = next
    writeSession(next)
  }

  async function signIn(credentials: Credentials): Promise<void> {
    become(await functions.login(credentials))
  }

  /** Makes an account and signs in with it. Called again after an answer was lost, it goes on from where that came to. */
  async function register(credentials: Credentials): Promise<void> {
    try {
      await functions.register(credentials)
    } catch (thrown) {
      const reason = asProblem(thrown)
      const isOurs = reason.status === 409 && perhapsMade === credentials.username
      if (reason.status === 0 || reason.status >= 500) perhapsMade = credentials.username
      if (!isOurs) throw reason.code === 'username_taken' ? fieldProblem(reason, 'username') : reason
    }
    perhapsMade = credentials.username
    await signIn(credentials)
  }

  /** Ends the session here at once, and on the server as soon as that can be reached. */
  async function signOut(): Promise<void> {
    const ended = token.value
    become(null)
    if (ended === null) return
    try {
      await functions.logout(ended)
    } catch {
      return // the token is forgotten here, and dies by itself in time
    }
  }

  /** Changes the password; this session goes on as a new one, all others end. Throws a Problem. */
  async function changePassword(change: PasswordChange): Promise<void> {
    become(await authorized((used) => functions.changePassword(used, change)))
  }

  /** Ends the account with everything in it. Throws a Problem. */
  async function deleteAccount(currentPassword: string): Promise<void> {
    await authorized((used) => functions.deleteAccount(used, currentPassword))
    become(null, 'deleted')
  }

  /**
   * Makes a call in the name of who is signed in. The session ends when the answer is that there is none (401). An answer
   * that comes after another session has begun is dropped as if the call had been cancelled.
   */
  async function authorized<T>(call: (token: string) => Promise<T>): Promise<T> {
    const used = token.value
    if (used === null) throw cancelledProblem()
    try {
      const result = await call(used)
      if (token.value !== used) throw cancelledProblem()
      return result
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (token.value !== used) throw cancelledProblem()
      if (problem.status === 401) become(null, 'ended')
      throw problem
    }
  }

  return { username, token, endReason, signIn, register, signOut, changePassword, deleteAccount, authorized }
})
