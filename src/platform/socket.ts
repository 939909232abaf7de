// A channel over UDP, TCP, TLS or a Unix stream that connects, and connects again, by itself: for what reports on a service and must not
// disturb it.
import { tell } from '../core/tell.ts'
import type { Channel, ChannelListener, ChannelState } from './channel.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { DatagramConnection } from './datagram-connection.ts'
import { Reconnection } from './reconnection.ts'
import { type SocketAddress, socketAddress } from './socket-address.ts'
import { type CheckedSocketOptions, checkedSocketOptions, type SocketOptions } from './socket-options.ts'
import { StreamConnection } from './stream-connection.ts'

/**
 * Connects at once, and for as long as it is not closed. It does not keep the process alive, but what is on its way does: attempts to
 * connect and chunks that the system has not taken, each within its limit.
 *
 * - A chunk that a broken stream took in part is lost: the next connection begins with the next chunk. What the system had taken may
 *   be lost as well, and counts as sent.
 * - Datagrams go on when nobody listens, and those of which the system says so are answered with an error. A new socket, with the next
 *   address of the name, takes over after the back-off.
 */
export class Socket implements Channel, ConnectionOwner {
  readonly datagrams: boolean
  readonly #address: SocketAddress
  readonly #options: CheckedSocketOptions
  readonly #reconnection: Reconnection
  #listener: ChannelListener | undefined
  #current: Connection | undefined
  /** What will take its place. */
  #next: Connection | undefined
  /** The address of datagrams that did not work. */
  #avoid: string | undefined
  #closing: Promise<void> | undefined

  /** Takes what `socketAddress` reads, or has read. Throws a RangeError or TypeError for an address or an option that is none. */
  constructor(address: string | SocketAddress, options: SocketOptions = {}) {
    this.#address = typeof address === 'object' ? address : socketAddress(address)
    this.#options = checkedSocketOptions(options)
    if (options.tls !== undefined && this.#address.kind !== 'tcp')
      throw new TypeError(`tls is for tcp://, but address is ${JSON.stringify(this.#address.text)}`)
    this.datagrams = this.#address.kind === 'udp'
    const { clock, random } = this.#options
    this.#reconnection = new Reconnection(clock, random, (error) => this.onFault(error))
    this.#open()
  }

  get state(): ChannelState {
    if (this.#closing !== undefined) return 'closed'
    const { troubled } = this.#reconnection
    if (this.#current === undefined) return troubled ? 'down' : 'connecting'
    return this.datagrams && troubled ? 'down' : 'open'
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
  }

  send(chunk: Uint8Array): boolean {
    return this.#current?.send(chunk) ?? false
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#reconnection.stop()
      const closing = Promise.withResolvers<void>()
      this.#closing = closing.promise
      const timer = this.#options.clock.schedule(this.#options.closeTimeoutMs, () => {
        this.#current?.destroy()
        closing.resolve()
      })
      void Promise.all([this.#next?.end(), this.#current?.end()]).then(() => {
        timer.cancel()
        closing.resolve()
      })
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  onOpen(connection: Connection): void {
    const old = this.#current
    this.#current = connection
    this.#next = undefined
    old?.destroy()
    if (!this.datagrams) this.#reconnection.works()
    this.#listener?.onReady()
  }

  onAnswer(error?: Error): void {
    if (error === undefined) {
      if (this.datagrams) this.#reconnection.works()
      else this.#reconnection.takesData()
    }
    this.#listener?.onAnswer(error)
  }

  onReady(): void {
    this.#listener?.onReady()
  }

  onTrouble({ peer }: Connection, error: Error): void {
    this.#avoid = peer
    this.#reconnection.failed(error)
    if (this.#next === undefined) this.#reconnection.again(() => this.#open())
  }

  onMoved(): void {
    this.#open()
  }

  onFault(error: Error): void {
    const { text } = this.#address
    tell(this.#options.onError, { address: text, error: new Error(`${text}: ${reasonOf(error)}`, { cause: error }) })
  }

  onLost(connection: Connection, error: Error): void {
    // One whose place was taken is over as it should be.
    if (connection !== this.#current && connection !== this.#next) return
    if (connection === this.#current) this.#current = undefined
    else this.#next = undefined
    this.onTrouble(connection, error)
  }

  #open(): void {
    if (this.#closing !== undefined || this.#next !== undefined) return
    this.#next =
      this.#address.kind === 'udp'
        ? new DatagramConnection(this.#address, this.#options, this, this.#avoid)
        : new StreamConnection(this.#address, this.#options, this)
  }
}

/** A host with several addresses fails with an error for each, and says nothing itself. */
function reasonOf(error: Error): string {
  const { message } = error instanceof AggregateError ? (error.errors[0] as Error) : error
  return message
}
