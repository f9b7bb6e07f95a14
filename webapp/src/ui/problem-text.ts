import { useConfigStore } from '@/api/config'
import type { Problem } from '@/api/problem'
import { megabytes } from './format'
import { text } from './text'

const byCode: Readonly<Record<string, string>> = text.problem.codes

/** Returns what to tell people about a problem: the app's text for its code, or else the server's message. */
export function problemText({ code, status, message }: Problem): string {
  const own = byCode[code]
  if (own !== undefined) return own
  if (code === 'quota_exceeded') return text.problem.quota(message)
  if (message !== '') return message
  if (code === 'unreadable') return status >= 500 ? text.problem.unavailable : text.problem.unreadable(status)
  return code === 'too_large' ? text.problem.tooLarge(megabytes(useConfigStore().current.limits.pictureBytes)) : text.problem.codes.defect
}

const uploadErrors: Readonly<Record<string, string>> = text.photo.uploadErrors

/** Returns what to tell people about the code in a task's uploadError. */
export function uploadErrorText(code: string): string {
  return uploadErrors[code] ?? text.photo.uploadFailed
}
