import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { functions } from '@/api/functions'
import { asProblem, cancelledProblem, Problem } from '@/api/problem'
import type { Credentials, PasswordChange, SessionGrant } from '@/api/types'
import { readDevice, writeDevice } from './device-storage'
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

  /** Whether the account of this session may have been deleted: the response was lost. */
  let maybeDeleted = false

  watchSession((other) => {
    if (other?.token === grant.value?.token) return
    endReason.value = other === null ? 'elsewhere' : null
    grant.value = other
  })

  function setSession(session: SessionGrant | null, reason: EndReason | null = null): void {
    maybeDeleted = false
    if (reason === 'deleted' && username.value !== null) writeDevice(username.value, null)
    endReason.value = reason // before the session, whose watchers read it
    grant.value = session
    writeSession(session)
  }

  async function signIn(credentials: Credentials): Promise<void> {
    const known = readDevice(credentials.username)
    const { device, ...session } = await functions.login(known === undefined ? credentials : { ...credentials, device: known })
    writeDevice(session.username, device)
    setSession(session)
  }

  /** Creates an account and signs in. A taken name may be this account's, created by a call whose answer was lost: its password tells. */
  async function register(credentials: Credentials): Promise<void> {
    const taken = await functions.register(credentials).then(() => null, (thrown: unknown) => {
      const problem = asProblem(thrown)
      if (problem.code !== 'username_taken') throw problem
      return new Problem(problem.status, problem.code, problem.message, { username: problem.message })
    })
    try {
      await signIn(credentials)
    } catch (thrown) {
      const isAnothers = ['wrong_credentials', 'too_many_attempts'].includes(asProblem(thrown).code)
      throw isAnothers && taken !== null ? taken : thrown
    }
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
    try {
      await authorized((current) => functions.deleteAccount(current, currentPassword))
    } catch (thrown) {
      maybeDeleted = asProblem(thrown).outcomeUnknown
      throw thrown
    }
    setSession(null, 'deleted')
  }

  /**
   * Makes a call with the session's token. If the function refuses the token, the session ends. A response that arrives in another session is dropped:
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
      if (problem.sessionEnded) setSession(null, maybeDeleted ? 'deleted' : 'ended')
      throw problem
    }
  }

  return { username, token, endReason, signIn, register, signOut, changePassword, deleteAccount, authorized }
})
