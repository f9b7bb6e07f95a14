import { cancelledProblem, networkProblem, Problem, problemOf } from './problem'

export interface UploadOptions {
  headers: Readonly<Record<string, string>>
  signal: AbortSignal
  /** Called with the number of bytes sent so far; once that is the file's size, the server is working on them. */
  onSent: (bytes: number) => void
}

/** The longest pause between bytes, or before the response, in milliseconds: a little more than the server's own limit. */
const timeout = 90_000

/** Sends a file by PUT and returns the JSON response. */
export async function upload<T>(url: string, file: Blob, options: UploadOptions): Promise<T> {
  const call = await put(url, file, options)
  try {
    return JSON.parse(call.responseText) as T
  } catch {
    throw new Problem(call.status, 'unreadable')
  }
}

/** Sends a file by PUT to a presigned URL, whose response has no body. */
export async function uploadTo(url: string, file: Blob, options: UploadOptions): Promise<void> {
  try {
    await put(url, file, options)
  } catch (thrown) {
    // Object stores answer in XML, and refuse an expired URL with 403.
    if (thrown instanceof Problem && thrown.status === 403 && thrown.code === 'unreadable') throw new Problem(403, 'upload_refused')
    throw thrown
  }
}

/** Sends a file and returns the finished call. fetch does not report upload progress; XMLHttpRequest does. */
function put(url: string, file: Blob, { headers, signal, onSent }: UploadOptions): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
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
      if (call.status >= 200 && call.status <= 299) resolve(call)
      else reject(problemOf(call.status, call.responseText, call.getResponseHeader('Retry-After')))
    })
    call.addEventListener('error', () => { reject(networkProblem()) })
    call.addEventListener('abort', () => { reject(timedOut ? networkProblem() : cancelledProblem()) })
    call.addEventListener('loadend', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    })

    call.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value)
    call.send(file)
    restartTimer()
  })
}
