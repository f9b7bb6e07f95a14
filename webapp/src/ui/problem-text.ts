import { useConfigStore } from '@/api/config'
import type { Problem } from '@/api/problem'
import { megabytes } from './format'
import { text } from './text'

const byCode: Readonly<Record<string, string>> = text.problem.codes

/** Returns what to tell people about a problem: the server's message, or else the app's text for its code. */
export function problemText({ code, status, message }: Problem): string {
  if (code === 'outcome_unknown') return text.problem.codes.outcome_unknown
  if (message !== '') return message
  if (code === 'unreadable') return status >= 500 ? text.problem.unavailable : text.problem.unreadable(status)
  if (code === 'too_large') return text.problem.tooLarge(megabytes(useConfigStore().current.limits.pictureBytes))
  return byCode[code] ?? text.problem.codes.defect
}
