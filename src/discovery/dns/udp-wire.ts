// Carries one question by UDP, from a port of its own.
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import type { DnsServer } from './dns-server.ts'
import type { WireListener } from './wire.ts'

/**
 * A socket for each question: its port is another thing that a stranger would have to guess (RFC 5452, 9.2). It is connected, so that the
 * system lets only the server's datagrams through, and says when nobody listens there.
 */
export function udpWire({ host, port }: DnsServer, message: Uint8Array, listener: WireListener): Disposable {
  let isClosed = false
  const fail = (error: Error) => {
    if (!isClosed) listener.onError(error)
  }
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
    .unref()
    .on('error', fail)
    .on('message', (bytes) => {
      if (!isClosed) listener.onMessage(bytes)
    })
    .once('connect', () => {
      if (!isClosed) socket.send(message, (error) => error && fail(error))
    })
  socket.connect(port, host)
  return {
    [Symbol.dispose]: () => {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
}
