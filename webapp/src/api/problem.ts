import type { ErrorBody } from './types'

/** Why something failed. The message is the server's, for people. The app's own codes have none: ui/problem-text.ts supplies it. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    /** The HTTP status; 0 without a response. */
    readonly status: number,
    /** Short and stable. The app's own: network, cancelled, invalid, defect, unreadable, and those of pictures. */
    readonly code: string,
    message = '',
    /** What is wrong with each named field of the request. */
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }

  /** Whether the same call may succeed later: nothing was wrong with the request itself. */
  get retryable(): boolean {
    return this.code === 'network' || this.status >= 500 || this.status === 429
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

/** The problem in a response outside 200..299; a body that is not ours comes from a proxy. */
export function problemOf(status: number, body: string): Problem {
  try {
    const { code, message, fields } = (JSON.parse(body) as ErrorBody).error
    if (typeof code === 'string' && typeof message === 'string') return new Problem(status, code, message, fields)
  } catch {
    // not JSON
  }
  return new Problem(status, 'unreadable')
}
