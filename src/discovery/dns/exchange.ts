// One exchange: a question to one server, and its answer or the reason why there is none.
import type { Clock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { type Answer, readAnswer } from './answer.ts'
import type { DnsServer } from './dns-server.ts'
import { encodeQuery, type Query } from './query.ts'
import { tcpWire } from './tcp-wire.ts'
import { udpWire } from './udp-wire.ts'

/** How it is asked. */
export interface ExchangeOptions {
  readonly protocol: 'udp' | 'tcp'
  readonly timeoutMs: number
  readonly clock: Clock
  /** Ends it at once. */
  readonly signal: AbortSignal
}

const background = { background: true }

/** Asks. Rejects with an Error when nobody answers in time, or with the reason of the signal. Its socket is closed when it settles. */
export async function exchange(server: DnsServer, query: Query, options: ExchangeOptions): Promise<Answer> {
  const { protocol, timeoutMs, clock, signal } = options
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  let complaint: unknown
  const late = () => {
    const heard = complaint instanceof Error ? `; what came was refused: ${complaint.message}` : ''
    reject(new Error(`no answer within ${formatDuration(timeoutMs)}${heard}`))
  }
  const stop = () => reject(signal.reason)
  const timer = clock.schedule(timeoutMs, late, background)
  signal.addEventListener('abort', stop, { once: true })
  const onMessage = (bytes: Uint8Array) => {
    try {
      resolve(readAnswer(bytes, query))
    } catch (thrown) {
      // Anybody can send a datagram that claims to be the server's: the true answer may be on its way.
      if (protocol === 'tcp') reject(thrown)
      complaint = thrown
    }
  }
  try {
    const wire = protocol === 'tcp' ? tcpWire : udpWire
    using _wire = wire(server, encodeQuery(query), { onMessage, onError: reject })
    return await promise
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', stop)
  }
}
