// One connected UDP socket: connected, so that the system says when nobody listens on the other side.
import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import type { Timer } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { Doubt } from './doubt.ts'
import { addressAfter, lookUp } from './look-up.ts'
import type { DatagramAddress } from './socket-address.ts'
import type { CheckedSocketOptions } from './socket-options.ts'

// The answers to what the system takes at once come with the next turns of the event loop: as many may be on their way.
const mostUnanswered = 4_096
// What is told of earlier datagrams, by the other side or on the way there.
const fromAfar = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/
const background = { background: true }

/** Looks its host up, and sends to one address of it. What comes back is thrown away. */
export class DatagramConnection implements Connection {
  peer: string | undefined = undefined
  readonly #address: DatagramAddress
  readonly #options: CheckedSocketOptions
  readonly #owner: ConnectionOwner
  readonly #onSent = (error: Error | null): void => this.#answer(error)
  #socket: Socket | undefined
  readonly #limit: Timer
  #lookUpAt = Infinity
  #open = false
  #ending = false
  #over = false
  #ready = false
  #complained = false
  /** Sent, and without an answer of the system. */
  #unanswered = 0
  /** Taken by the system, which may yet say that nobody listens. */
  readonly #doubt = new Doubt((count) => {
    this.#confirm(count)
    this.#goOn()
  })

  /** `avoid` is the address that did not work: another one is taken if there is any. */
  constructor(address: DatagramAddress, options: CheckedSocketOptions, owner: ConnectionOwner, avoid?: string) {
    this.#address = address
    this.#options = options
    this.#owner = owner
    const { clock, connectTimeoutMs } = options
    const expire = () => this.#lose(new Error(`it took longer to find than ${formatDuration(connectTimeoutMs)}`))
    this.#limit = clock.schedule(connectTimeoutMs, expire, background)
    if (isIP(address.host) !== 0) this.#connect(address.host)
    else
      this.#lookUp(
        (addresses) => this.#connect(addressAfter(avoid, addresses)),
        (error) => this.#lose(error),
      )
  }

  send(chunk: Uint8Array): boolean {
    const socket = this.#socket
    if (!this.#ready || socket === undefined) return false
    this.#unanswered++
    socket.send(chunk, this.#onSent)
    this.#ready = this.#hasRoom(socket)
    if (this.#options.clock.now() >= this.#lookUpAt) this.#lookUpAgain()
    return true
  }

  end(): Promise<void> {
    const socket = this.#socket
    const closed =
      socket === undefined || this.#over
        ? Promise.resolve()
        : new Promise<void>((resolve) => socket.once('close', resolve))
    this.#ready = false
    this.#ending = true
    this.#endIfIdle()
    return closed
  }

  destroy(): void {
    this.#lose(new Error('it was closed'))
  }

  #connect(peer: string): void {
    if (this.#over) return
    this.peer = peer
    const socket = createSocket(isIP(peer) === 6 ? 'udp6' : 'udp4')
    this.#socket = socket
    socket
      .unref()
      .on('error', (error) => this.#fail(error))
      .once('connect', () => this.#onOpen())
    socket.connect(this.#address.port, peer)
  }

  #onOpen(): void {
    if (this.#over) return
    this.#limit.cancel()
    this.#open = true
    this.#ready = true
    const { clock, lookupIntervalMs } = this.#options
    if (this.peer !== this.#address.host) this.#lookUpAt = clock.now() + lookupIntervalMs
    this.#owner.onOpen(this)
  }

  #answer(error: Error | null): void {
    if (this.#over) return
    this.#unanswered--
    if (error === null) this.#doubt.add()
    else if (codeOf(error) === 'EMSGSIZE') this.#tooLong(error)
    else this.#owner.onAnswer(this.#fail(error))
    this.#goOn()
  }

  /** What the system does not take at once would queue up here without a limit. */
  #hasRoom(socket: Socket): boolean {
    return socket.getSendQueueCount() === 0 && this.#unanswered + this.#doubt.count < mostUnanswered
  }

  /** After each answer: ends what shall end, and tells when there is room again. */
  #goOn(): void {
    this.#endIfIdle()
    if (this.#ready || this.#over || this.#ending || this.#socket === undefined || !this.#hasRoom(this.#socket)) return
    this.#ready = true
    this.#owner.onReady()
  }

  #confirm(count = this.#doubt.end()): void {
    for (; count > 0; count--) this.#owner.onAnswer()
  }

  /** Returns the error as people know it. */
  #fail(platform: Error): Error {
    const code = codeOf(platform)
    const error = code === 'ECONNREFUSED' ? new Error('nobody listens there', { cause: platform }) : platform
    if (this.#open) this.#suffer(error, fromAfar.test(code))
    else this.#lose(error)
    return error
  }

  /** What the system tells from afar is about earlier datagrams: it does so when it is given the next one, or the loop polls. */
  #suffer(error: Error, isFromAfar: boolean): void {
    if (this.#over) return
    if (!isFromAfar) this.#confirm()
    for (let lost = this.#doubt.end(); lost > 0; lost--) this.#owner.onAnswer(error)
    this.#owner.onTrouble(this, error)
  }

  #tooLong(error: Error): void {
    this.#confirm()
    if (!this.#complained) this.#owner.onFault(new Error('a datagram is too long for the way there', { cause: error }))
    this.#complained = true
    this.#owner.onAnswer(error)
  }

  #lookUpAgain(): void {
    const { clock, lookupIntervalMs } = this.#options
    const again = () => {
      this.#lookUpAt = clock.now() + lookupIntervalMs
    }
    this.#lookUpAt = Infinity
    this.#lookUp((addresses) => {
      again()
      if (!this.#over && !addresses.includes(this.peer ?? '')) this.#owner.onMoved()
    }, again)
  }

  #lookUp(found: (addresses: readonly string[]) => void, failed: (error: Error) => void): void {
    lookUp(this.#address.host, this.#options.lookup, { found, failed })
  }

  #endIfIdle(): void {
    if (this.#ending && this.#unanswered === 0 && this.#doubt.count === 0) this.destroy()
  }

  #lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#ready = false
    this.#limit.cancel()
    this.#socket?.close()
    this.#confirm()
    for (; this.#unanswered > 0; this.#unanswered--) this.#owner.onAnswer(error)
    this.#owner.onLost(this, error)
  }
}

function codeOf(error: Error): string {
  return String((error as { readonly code?: unknown }).code)
}
