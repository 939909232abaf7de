// One connection over TCP, TLS or a Unix stream: what is taken goes out whole and in order, or the connection is over.
import type { Socket } from 'node:net'
import type { Timer } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { dial, openingOf } from './dial.ts'
import type { StreamAddress } from './socket-address.ts'
import type { CheckedSocketOptions } from './socket-options.ts'

const keepAliveMs = 60_000
// The answers to what the system takes at once come after the caller has returned: as many may be on their way.
const mostUnanswered = 4_096
const background = { background: true }

/** Connects at once. What the receiver says is read and thrown away; that it ends its side ends the connection. */
export class StreamConnection implements Connection {
  readonly peer = undefined
  readonly #options: CheckedSocketOptions
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #onTaken = (error?: Error | null): void => this.#answer(error)
  #limit: Timer | undefined
  #open = false
  #over = false
  #ready = false
  #unanswered = 0

  constructor(address: StreamAddress, options: CheckedSocketOptions, owner: ConnectionOwner) {
    this.#options = options
    this.#owner = owner
    this.#socket = dial(address, options)
      .unref()
      .setNoDelay(true)
      .setKeepAlive(true, keepAliveMs)
      .once(openingOf(options), () => this.#onOpen())
      .on('error', (error) => this.#lose(error))
      .on('end', () => this.#lose(new Error('the receiver closed the connection')))
      .on('close', () => this.#lose(new Error('the connection was closed')))
      .resume()
    this.#watch('it took longer to connect than', options.connectTimeoutMs)
  }

  send(chunk: Uint8Array): boolean {
    if (!this.#ready) return false
    this.#unanswered++
    this.#socket.write(chunk, this.#onTaken)
    // Nothing is left in the stream when the system took the chunk at once.
    if (this.#socket.writableLength > 0) {
      this.#ready = false
      this.#watch('it took nothing for', this.#options.stallTimeoutMs)
    } else if (this.#unanswered >= mostUnanswered) this.#ready = false
    return true
  }

  end(): Promise<void> {
    const socket = this.#socket
    this.#ready = false
    const closed = socket.closed ? Promise.resolve() : new Promise<void>((resolve) => socket.once('close', resolve))
    if (this.#open && !this.#over) socket.end(() => this.destroy())
    else this.destroy()
    return closed
  }

  destroy(): void {
    this.#lose(new Error('it was closed'))
  }

  #onOpen(): void {
    if (this.#over) return
    this.#limit?.cancel()
    this.#open = true
    this.#ready = true
    this.#owner.onOpen(this)
  }

  #answer(error: Error | null | undefined): void {
    // With an error the connection is over too, which answers for all that is left.
    if (this.#over || error) return
    this.#unanswered--
    this.#owner.onAnswer()
    if (this.#ready || this.#over || this.#socket.writableEnded || this.#socket.writableLength > 0) return
    this.#limit?.cancel()
    this.#ready = true
    this.#owner.onReady()
  }

  #watch(complaint: string, limitMs: number): void {
    const expire = () => this.#lose(new Error(`${complaint} ${formatDuration(limitMs)}`))
    this.#limit = this.#options.clock.schedule(limitMs, expire, background)
  }

  #lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#ready = false
    this.#limit?.cancel()
    this.#socket.destroy()
    for (; this.#unanswered > 0; this.#unanswered--) this.#owner.onAnswer(error)
    this.#owner.onLost(this, error)
  }
}
