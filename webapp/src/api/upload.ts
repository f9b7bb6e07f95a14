import { cancelledProblem, networkProblem, Problem, problemOf } from './problem'

export interface UploadOptions {
  token: string
  signal: AbortSignal
  /** Called with the number of bytes sent so far; once that is the file's size, the server is working on them. */
  onSent: (bytes: number) => void
}

/** The longest pause between bytes, or before the response, in milliseconds: a little more than the server's own limit. */
const timeout = 90_000

/** Sends a file and returns the JSON response. fetch does not report upload progress; XMLHttpRequest does. */
export function upload<T>(url: string, file: Blob, { token, signal, onSent }: UploadOptions): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelledProblem())
      return
    }
    const call = new XMLHttpRequest()
    const abort = () => { call.abort() }
    let timer: ReturnType<typeof setTimeout> | undefined
    let timedOut = false
    function restartTimer(): void {
      clearTimeout(timer)
      timer = setTimeout(() => {
        timedOut = true
        call.abort()
      }, timeout)
    }
    signal.addEventListener('abort', abort, { once: true })

    call.upload.addEventListener('progress', (event) => {
      onSent(event.loaded)
      restartTimer()
    })
    call.upload.addEventListener('load', () => {
      onSent(file.size)
      restartTimer()
    })
    call.addEventListener('load', () => {
      if (call.status < 200 || call.status > 299) {
        reject(problemOf(call.status, call.responseText, call.getResponseHeader('Retry-After')))
        return
      }
      try {
        resolve(JSON.parse(call.responseText) as T)
      } catch {
        reject(new Problem(call.status, 'unreadable'))
      }
    })
    call.addEventListener('error', () => { reject(networkProblem()) })
    call.addEventListener('abort', () => { reject(timedOut ? networkProblem() : cancelledProblem()) })
    call.addEventListener('loadend', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    })

    call.open('PUT', url)
    call.setRequestHeader('Authorization', `Bearer ${token}`)
    call.setRequestHeader('Accept', 'application/json')
    call.send(file)
    restartTimer()
  })
}
