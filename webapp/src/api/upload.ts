import { cancelledProblem, networkProblem, Problem, problemOf } from './problem'
import { text } from '@/ui/text'

export interface UploadOptions {
  token: string
  signal: AbortSignal
  /** Called with the bytes that have left so far; with the whole size, the server has them and is at work. */
  onSent: (bytes: number) => void
}

/** Longest wait without any byte moving, or for an answer after the last: the server's own bound and some more. */
const patience = 90_000

/**
 * Sends a file's bytes and gives the JSON answer. It uses XMLHttpRequest because fetch does not tell how much of a request
 * has been sent.
 */
export function upload<T>(url: string, file: Blob, { token, signal, onSent }: UploadOptions): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelledProblem())
      return
    }
    const call = new XMLHttpRequest()
    const abort = () => { call.abort() }
    let timer: ReturnType<typeof setTimeout> | undefined
    let late = false
    function wait(): void {
      clearTimeout(timer)
      timer = setTimeout(() => {
        late = true
        call.abort()
      }, patience)
    }
    signal.addEventListener('abort', abort, { once: true })

    call.upload.addEventListener('progress', (event) => {
      onSent(event.loaded)
      wait()
    })
    call.upload.addEventListener('load', () => {
      onSent(file.size)
      wait()
    })
    call.addEventListener('load', () => {
      if (call.status < 200 || call.status > 299) {
        reject(problemOf(call.status, call.responseText))
        return
      }
      try {
        resolve(JSON.parse(call.responseText) as T)
      } catch {
        reject(new Problem(call.status, 'unreadable', text.problem.unreadable(call.status)))
      }
    })
    call.addEventListener('error', () => { reject(networkProblem()) })
    call.addEventListener('abort', () => { reject(late ? networkProblem() : cancelledProblem()) })
    call.addEventListener('loadend', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    })

    call.open('PUT', url)
    call.setRequestHeader('Authorization', `Bearer ${token}`)
    call.setRequestHeader('Accept', 'application/json')
    call.send(file)
    wait()
  })
}
