// Receivers for the tests of what sends metrics and logs: over UDP, and over streams that do with each connection what they are told.
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** What listens on one address, and keeps what it hears. */
export interface Receiver extends AsyncDisposable {
  /** As a socket takes it. */
  readonly address: string
  readonly port: number
  /** The datagrams, or the pieces of streams as they were read. */
  readonly heard: readonly Buffer[]
  /** All that was heard. */
  readonly text: string
}

/** A receiver of streams. */
export interface StreamReceiver extends Receiver {
  /** How many connections it ever had. */
  readonly accepted: number
  /** Those that are open. */
  readonly open: ReadonlySet<Socket>
}

/** Hears datagrams on a port of 127.0.0.1. */
export async function datagramReceiver(
  port = 0,
  onMessage?: (datagram: Buffer, from: RemoteInfo) => void,
): Promise<Receiver> {
  const heard: Buffer[] = []
  const socket = createSocket('udp4', (datagram, from) => {
    heard.push(datagram)
    onMessage?.(datagram, from)
  })
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  const { port: bound } = socket.address()
  return {
    address: `udp://127.0.0.1:${bound}`,
    port: bound,
    heard,
    get text() {
      return heard.join('')
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(resolve)),
  }
}

/** Hears streams on a port of 127.0.0.1 or a path. Without `handle` it reads all. */
export function streamReceiver(where: number | string = 0, handle?: (socket: Socket) => void): Promise<StreamReceiver> {
  return listening(createServer(), where, handle)
}

/** Hears encrypted streams on a port of localhost. */
export function encryptedReceiver(options: TlsOptions): Promise<StreamReceiver> {
  return listening(createTlsServer(options), 0)
}

async function listening(
  server: Server,
  where: number | string,
  handle?: (socket: Socket) => void,
): Promise<StreamReceiver> {
  const heard: Buffer[] = []
  const open = new Set<Socket>()
  let accepted = 0
  const isTls = 'setSecureContext' in server
  server.on('connection', (socket: Socket) => {
    accepted++
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
  })
  server.on('tlsClientError', () => {})
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.on('error', () => {})
    if (handle === undefined) socket.on('data', (chunk: Buffer) => heard.push(chunk))
    else handle(socket)
  })
  if (typeof where === 'string') server.listen(where)
  else server.listen(where, '127.0.0.1')
  await once(server, 'listening')
  const port = typeof where === 'string' ? 0 : (server.address() as AddressInfo).port
  return {
    address: typeof where === 'string' ? `unix://${where}` : `tcp://${isTls ? 'localhost' : '127.0.0.1'}:${port}`,
    port,
    heard,
    open,
    get accepted() {
      return accepted
    },
    get text() {
      return heard.join('')
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** A port of 127.0.0.1 on which nobody listens, neither to streams nor to datagrams. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    await using stream = await streamReceiver()
    try {
      await using datagrams = await datagramReceiver(stream.port)
      return datagrams.port
    } catch {
      // Another one, then.
    }
  }
}
