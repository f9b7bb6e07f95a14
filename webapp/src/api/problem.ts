import { text } from '@/ui/text'
import type { ErrorBody } from './types'

/** Why a call came to nothing. Its message is for people. */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  /** Short and stable, for programs; "network", "cancelled", "invalid" and "defect" are the app's own. */
  readonly code: string
  /** What is wrong with each named field of the request. */
  readonly fields: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.fields = fields
  }

  /** Whether the same call may succeed at another time: nothing was wrong with what was asked for. */
  get mayPass(): boolean {
    return this.code === 'network' || this.status >= 500 || this.status === 429
  }

  get cancelled(): boolean {
    return this.code === 'cancelled'
  }
}

export const networkProblem = () => new Problem(0, 'network', text.problem.network)
export const cancelledProblem = () => new Problem(0, 'cancelled', text.problem.cancelled)

/** What a form finds wrong with its fields before anything is sent. */
export const invalidProblem = (fields: Record<string, string>) => new Problem(0, 'invalid', '', fields)

/** The same problem, as one with a field of the form that it came from. */
export const fieldProblem = ({ status, code, message }: Problem, field: string) => new Problem(status, code, message, { [field]: message })

/** Anything that was thrown, as a Problem that can be shown. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem(0, 'defect', text.problem.defect)
}

/** The problem that an answer outside 200..299 tells of; its body need not be ours, since a proxy may have made it. */
export function problemOf(status: number, body: string): Problem {
  const parsed = parse(body)
  if (isErrorBody(parsed)) {
    const { code, message, fields } = parsed.error
    return new Problem(status, code, message, fields)
  }
  return new Problem(status, 'unreadable', status >= 500 ? text.problem.away : text.problem.unreadable(status))
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false
  const { error } = value
  return (
    typeof error === 'object' && error !== null &&
    'code' in error && typeof error.code === 'string' &&
    'message' in error && typeof error.message === 'string'
  )
}
