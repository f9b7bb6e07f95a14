import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, Problem } from '@/api/problem'
import type { Credentials, PasswordChange, SessionGrant } from '@/api/types'
import { readSession, watchSession, writeSession } from './session-storage'

/** Why the session ended, unless the user signed out here. */
export type EndReason = 'ended' | 'elsewhere' | 'deleted'

/** The user who is signed in. */
export const useSessionStore = defineStore('session', () => {
  const grant = shallowRef<SessionGrant | null>(readSession())
  const endReason = ref<EndReason | null>(null)
  const username = computed(() => grant.value?.username ?? null)
  /** Changes with every session. */
  const token = computed(() => grant.value?.token ?? null)

  /** The name of an account that may have been created: the response was lost, or signing in failed afterwards. */
  let maybeRegistered: string | null = null

  watchSession((other) => {
    if (other?.token === grant.value?.token) return
    endReason.value = other === null ? 'elsewhere' : null
    grant.value = other
  })

  function setSession(session: SessionGrant | null, reason: EndReason | null = null): void {
    endReason.value = reason // before the session, whose watchers read it
    grant.value = session
    writeSession(session)
  }

  async function signIn(credentials: Credentials): Promise<void> {
    setSession(await functions.login(credentials))
  }

  /** Creates an account and signs in. After a lost response it can be called again. */
  async function register(credentials: Credentials): Promise<void> {
    try {
      await functions.register(credentials)
    } catch (thrown) {
      const { status, code, message, fields } = asProblem(thrown)
      const isOurs = status === 409 && maybeRegistered === credentials.username
      if (status === 0 || status >= 500) maybeRegistered = credentials.username
      if (!isOurs) throw new Problem(status, code, message, code === 'username_taken' ? { username: message } : fields)
    }
    maybeRegistered = credentials.username
    await signIn(credentials)
  }

  /** Ends the session here at once, and on the server if it can be reached. */
  async function signOut(): Promise<void> {
    const ended = token.value
    setSession(null)
    if (ended !== null) await functions.logout(ended).catch(() => undefined) // the token expires by itself
  }

  /** Changes the password. This session is replaced by a new one; all others end. */
  async function changePassword(change: PasswordChange): Promise<void> {
    setSession(await authorized((current) => functions.changePassword(current, change)))
  }

  async function deleteAccount(currentPassword: string): Promise<void> {
    await authorized((current) => functions.deleteAccount(current, currentPassword))
    setSession(null, 'deleted')
  }

  /**
   * Makes a call with the session's token. A 401 ends the session. A response that arrives in another session is dropped:
   * the call throws a cancelled Problem.
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
      if (problem.status === 401) setSession(null, 'ended')
      throw problem
    }
  }

  return { username, token, endReason, signIn, register, signOut, changePassword, deleteAccount, authorized }
})
