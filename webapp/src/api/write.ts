import { asProblem, Problem } from './problem'

/** Pauses before the repeats of a write, in milliseconds: together longer than a function takes to restart. */
const pauses = [1000, 3000]

/** The refusal of a repeat which means that an earlier call was done, and what that call returned. */
export interface Confirmation<T> {
  code: string
  result: T
}

/**
 * Makes a write and repeats it while its outcome is unknown, which is safe with every function. Throws a Problem: outcome_unknown
 * if no answer arrived in the end. A write that is begun offline is not sent, so it is not repeated.
 */
export async function write<T>(call: () => Promise<T>, confirmation?: Confirmation<T>): Promise<T> {
  const wasOnline = navigator.onLine
  let isUnknown = false
  for (const pause of [...pauses, null]) {
    try {
      return await call()
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (isUnknown && problem.code === confirmation?.code) return confirmation.result
      // What refuses a repeat for a while tells nothing about the call before it.
      isUnknown ||= problem.answerLost && wasOnline
      if (!isUnknown || !problem.retryable) throw problem
      if (pause === null || !navigator.onLine) break
      await new Promise((resolve) => { setTimeout(resolve, pause) })
    }
  }
  throw new Problem(0, 'outcome_unknown')
}
