import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Relay {
  url: string
  /** Names of the functions whose next answer is lost: the server does its work, and then the connection closes. */
  lose: Set<string>
  /** Names of the functions whose answer was lost. */
  lost: string[]
  close: () => void
}

/** Starts a relay to the web server that loses answers on demand. */
export async function startRelay(target: string): Promise<Relay> {
  const lose = new Set<string>()
  const lost: string[] = []

  function pass(from: IncomingMessage, to: ServerResponse): void {
    const path = from.url ?? '/'
    const name = /^\/function\/([\w-]+)/.exec(path)?.[1] ?? ''
    const forwarded = request(new URL(path, target), { method: from.method, headers: from.headers }, (answer) => {
      if (answer.statusCode === 200 && lose.delete(name)) {
        lost.push(name)
        answer.destroy()
        // Without any answer, the browser itself would repeat the call on another connection.
        to.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' }).write('{', () => { to.destroy() })
        return
      }
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
    })
    forwarded.on('error', () => from.socket.destroy())
    from.pipe(forwarded)
  }

  const server = createServer(pass)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port.toString()}`, lose, lost,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
