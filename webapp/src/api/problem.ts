import type { ErrorBody } from './types'

/** Why something failed. The message is the server's, for people. The app's own codes have none: ui/problem-text.ts supplies it. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    /** The HTTP status; 0 without a response. */
    readonly status: number,
    /**
     * Short and stable: the function's, if one answered. The app decides by this and never by the status, which a gateway sets too.
     * The app's own: network, cancelled, invalid, defect, unreadable, and those of pictures.
   * upload_refused is the object store's: the URL has expired, or something else was sent than announced.
     */
    readonly code: string,
    message = '',
    /** What is wrong with each named field of the request. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** How long to wait before another call, in seconds; 0 if the server did not say. */
    readonly retryAfter = 0,
  ) {
    super(message)
  }

  /** Whether the same call may succeed later: nothing was wrong with the request itself. */
  get retryable(): boolean {
    return ['network', 'outcome_unknown', 'unreadable', 'upload_refused'].includes(this.code) || this.status >= 500 || this.status === 429
  }

  /** Whether the function may have done its work, but no answer of it arrived. */
  get answerLost(): boolean {
    if (['network', 'outcome_unknown', 'timed_out'].includes(this.code)) return true
    return this.code === 'unreadable' && (this.status < 300 || this.status >= 500)
  }

  /** Whether a write may have been done, which api/write.ts has repeated in vain. */
  get outcomeUnknown(): boolean {
    return this.code === 'outcome_unknown'
  }

  get sessionEnded(): boolean {
    return this.code === 'unauthorized'
  }

  get taskGone(): boolean {
    return this.code === 'task_not_found'
  }

  get cancelled(): boolean {
    return this.code === 'cancelled'
  }
}

export const networkProblem = () => new Problem(0, 'network')
export const cancelledProblem = () => new Problem(0, 'cancelled')

/** What a form finds wrong with its fields before it sends anything. */
export const invalidProblem = (fields: Record<string, string>) => new Problem(0, 'invalid', '', fields)

/** Anything that was thrown, as a Problem. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem(0, 'defect')
}

/** The problem in a response outside 200..299, given its Retry-After; a body that is not ours comes from a gateway or proxy. */
export function problemOf(status: number, body: string, retryAfter: string | null): Problem {
  try {
    const { code, message, fields } = (JSON.parse(body) as ErrorBody).error
    if (typeof code === 'string' && typeof message === 'string') {
      return new Problem(status, code, message, fields, Number(retryAfter) || 0)
    }
  } catch {
    // not JSON
  }
  return new Problem(status, 'unreadable')
}
