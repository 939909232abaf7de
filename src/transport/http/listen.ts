// Where a server listens, and what it says when it cannot.
import type { Server } from 'node:net'
import { checkNumber } from '../../primitives/check.ts'

/** Where a server listens. */
export interface ListenOptions {
  /** 0 for any that is free. @default 0 */
  readonly port?: number | undefined
  /** Name or address of one interface. @default all of them */
  readonly host?: string | undefined
  /** A Unix socket, in place of host and port. @default none */
  readonly path?: string | undefined
}

/** Resolves when the server listens. Rejects with an Error that says what to do, its `cause` being that of Node. */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  const { host, path } = options
  const port = checkNumber('port', options.port ?? 0, { min: 0, max: 65_535, integer: true })
  if (path !== undefined && (host !== undefined || options.port !== undefined))
    throw new TypeError('path excludes host and port: a Unix socket has neither')
  if (path === '') throw new TypeError('path must be the path of a Unix socket')
  const where = path ?? (host === undefined ? `port ${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      reject(new Error(`cannot listen on ${where}: ${adviceOn(cause, path !== undefined)}`, { cause }))
    }
    server.once('error', fail)
    server.listen(path === undefined ? { port, host } : { path }, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

function adviceOn({ code, message }: NodeJS.ErrnoException, isFile: boolean): string {
  if (code === 'EADDRINUSE' && isFile)
    return 'the file is there already (EADDRINUSE); another process listens on it, or has left it: then remove it'
  if (code === 'EADDRINUSE')
    return 'it is taken already (EADDRINUSE), by another process or another server of this one; choose another port, or 0 for any that is free'
  if (isFile && (code === 'EACCES' || code === 'ENOENT'))
    return `its folder is not there, or this user may not write to it (${code})`
  if (code === 'EACCES') return 'this user may not do that (EACCES); ports below 1024 are often reserved'
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address (EADDRNOTAVAIL)'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host of that name (${code})`
  return message
}

/** Where a server is found. */
interface Place {
  readonly url: string
  /** 0 for a Unix socket. */
  readonly port: number
  /** What it is bound to, as `host:port`; undefined for a Unix socket. */
  readonly address: string | undefined
}

/** Where a server that listens is found; one on all interfaces is called by the address of this host, one on a Unix socket localhost. */
export function placeOf(server: Server, secure: boolean): Place {
  const scheme = secure ? 'https' : 'http'
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return { url: `${scheme}://localhost`, port: 0, address: undefined }
  const { address: host, port } = bound
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const isEverywhere = host === '::' || host === '0.0.0.0'
  return { url: `${scheme}://${isEverywhere ? `127.0.0.1:${port}` : address}`, port, address }
}
