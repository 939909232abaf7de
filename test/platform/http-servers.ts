// Servers for the tests of HTTP clients: plain, encrypted, and such that speak no HTTP; each counts its connections.
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'

/** A server that listens on a port of its own. */
export interface TestServer extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:port`, or `https://localhost:port`. */
  readonly url: string
  /** How many connections it ever had. */
  readonly accepted: number
  /** Those that are open. */
  readonly open: ReadonlySet<Socket>
}

/** The PEM of one of the files in test/certificates. */
export function pem(name: string): string {
  return readFileSync(new URL(`../certificates/${name}.pem`, import.meta.url), 'utf8')
}

/** A server that speaks HTTP. */
export function plain(handle: RequestListener, path?: string): Promise<TestServer> {
  return listening(createServer({ keepAliveTimeout: 60_000 }, handle), 'http://127.0.0.1', path)
}

/** A server that speaks HTTP over TLS, with the certificate of that name. */
export function encrypted(certificate: string, handle: RequestListener, options?: TlsOptions): Promise<TestServer> {
  const server = createTlsServer({ cert: pem(certificate), key: pem(`${certificate}-key`), ...options }, handle)
  return listening(server, 'https://localhost')
}

/** A server that does with each connection what it is told. */
export function raw(handle: (socket: Socket, nth: number) => void): Promise<TestServer> {
  let nth = 0
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    handle(socket, nth++)
  })
  return listening(server, 'http://127.0.0.1')
}

async function listening(server: Server, url: string, path?: string): Promise<TestServer> {
  const open = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, url.startsWith('https') ? 'localhost' : '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  const port = path === undefined ? (server.address() as AddressInfo).port : 0
  return {
    port,
    url: path === undefined ? `${url}:${port}` : 'http://localhost',
    open,
    get accepted() {
      return accepted
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
