// Link: a session on one connection, from its greeting to its end.
import type { Timer } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { errorOf } from '../../core/error-of.ts'
import { ServiceError } from '../../core/errors.ts'
import type { CheckedConnection } from './connection.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { OpenRequests } from './open-requests.ts'
import type { Operation } from './operation.ts'
import { type PacketListener, PacketSocket } from './packet-socket.ts'
import { Pulse } from './pulse.ts'
import { ZookeeperRefusal } from './refusal.ts'
import type { ZookeeperServer } from './server-list.ts'
import { authRequest, connectRequest, readGrant, type SessionTicket } from './session-ticket.ts'
import { readWatchEvent, type WatchEvent } from './watch-event.ts'

/** What a link is made for. */
export interface LinkOptions {
  readonly checked: CheckedConnection
  readonly server: ZookeeperServer
  /** The session that is asked for. */
  readonly ticket: SessionTicket
  /** The last transaction that the session has seen. */
  readonly lastZxid: bigint
  readonly onEvent: (event: WatchEvent) => void
  /** The link is over: told once, and also of one that never opened. */
  readonly onEnd: (error: ServiceError) => void
}

// The numbers of what is no reply to a request of ours (ClientCnxn), and the types of requests that have no result.
const eventXid = -1
const pingXid = -2
const authXid = -4
const pingType = 11
const closeType = -11
// The session has expired or moved, or the server has lost its quorum: nothing more can come of this connection.
const lasting: ReadonlySet<number> = new Set([-4, -112, -118, -119])
const background = { background: true }

/** Connects at once. */
export class Link implements PacketListener {
  readonly #options: LinkOptions
  readonly #socket: PacketSocket
  readonly #requests: OpenRequests
  readonly #opened = Promise.withResolvers<SessionTicket | undefined>()
  readonly #limit: Timer
  #phase: 'connecting' | 'greeting' | 'authenticating' | 'open' | 'closing' | 'over' = 'connecting'
  #ticket: SessionTicket
  #pulse: Pulse | undefined
  #isHeld = false
  /** The last transaction that a reply told of. */
  lastZxid: bigint
  /** Why it is over; undefined before. */
  error: ServiceError | undefined
  /** Whether the server took the connection and ended it without a word: it may not run, or may have seen less than the session. */
  wasRefusedInSilence = false

  constructor(options: LinkOptions) {
    const { checked, server, ticket, lastZxid } = options
    this.#options = options
    this.#ticket = ticket
    this.lastZxid = lastZxid
    this.#requests = new OpenRequests(checked.maxPacketBytes)
    // Nobody may be waiting for it.
    this.#opened.promise.catch(() => {})
    const { connectTimeoutMs: limitMs } = checked
    const late = () => this.#lose(new Error(`it granted no session within ${formatDuration(limitMs)}`))
    this.#limit = checked.clock.schedule(limitMs, late, background)
    this.#socket = new PacketSocket(server, checked, this)
  }

  /** Resolves when requests may be made; with undefined when the session that was asked for is none any more. */
  get opened(): Promise<SessionTicket | undefined> {
    return this.#opened.promise
  }

  get sessionId(): bigint {
    return this.#ticket.id
  }

  /** How many bytes the server has sent. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  /** Whether the process must not end while it is there; it must not while a reply is due. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#socket.hold(isHeld || this.#requests.count > 0)
  }

  /** Rejects with a ServiceError: a ZookeeperRefusal where the server said no. */
  async request<Result>(operation: Operation<Result>): Promise<Result> {
    if (this.error !== undefined) throw this.error
    const reply = this.#requests.ask(operation, (frame) => this.#socket.send(frame))
    this.hold(this.#isHeld)
    return reply
  }

  /** Ends the session, and resolves when no socket is left: what the server has to say to that is waited for so many milliseconds. */
  async close(limitMs: number): Promise<void> {
    if (this.#phase === 'open') {
      this.#phase = 'closing'
      this.error = this.#explained(new Error('the session was closed'))
      this.#requests.fail(this.error)
      this.#socket.send(new JuteWriter().int(0).int(closeType).frame())
      // Whoever closes waits for it.
      this.#socket.hold(true)
      const timer = this.#options.checked.clock.schedule(limitMs, () => this.destroy(), background)
      await this.#socket.closed
      timer.cancel()
    }
    this.destroy()
    await this.#socket.closed
  }

  /** Ends the connection; the session goes on until the server misses it. */
  destroy(): void {
    this.#lose(new Error('the connection was closed'))
  }

  onOpen(): void {
    this.#phase = 'greeting'
    this.#socket.send(connectRequest(this.#ticket, this.#options.lastZxid))
  }

  onPacket(packet: Buffer): void {
    if (this.#phase === 'greeting') this.#greet(packet)
    // To a close the server answers, and then ends the connection.
    else if (this.#phase !== 'closing') this.#read(new JuteReader(packet))
  }

  onEnd(error: Error): void {
    if (this.#phase === 'over') return
    this.wasRefusedInSilence = this.#phase === 'greeting' && this.#socket.bytesRead === 0
    this.#phase = 'over'
    this.#limit.cancel()
    this.#pulse?.stop()
    this.error ??= this.#explained(error)
    this.#opened.reject(this.error)
    this.#requests.fail(this.error)
    this.#options.onEnd(this.error)
  }

  #greet(packet: Buffer): void {
    const grant = readGrant(packet)
    if (grant.id === 0n) {
      if (this.#ticket.id === 0n) throw new Error('it granted no session')
      this.#opened.resolve(undefined)
      throw new Error('the session has expired')
    }
    if (grant.isReadOnly) throw new Error('it is read-only, as it has lost its quorum')
    this.#ticket = grant
    const { auth } = this.#options.checked
    if (auth === undefined) this.#open()
    else {
      this.#phase = 'authenticating'
      this.#socket.send(authRequest(auth))
    }
  }

  #read(reader: JuteReader): void {
    const xid = reader.int()
    const zxid = reader.long()
    const code = reader.int()
    if (zxid > this.lastZxid) this.lastZxid = zxid
    // Heart-beats are answered behind the requests before them. Where only they are answered, a request hangs: that is silence, too.
    if (xid !== pingXid || this.#requests.count === 0) this.#pulse?.heard()
    if (xid === eventXid) {
      const event = readWatchEvent(reader)
      if (event !== undefined) this.#options.onEvent(event)
    } else if (xid === authXid && this.#phase === 'authenticating') {
      if (code !== 0) throw new ZookeeperRefusal(code, `user ${this.#options.checked.auth?.user}`)
      this.#open()
    } else if (xid !== pingXid) {
      const refusal = this.#requests.answer(xid, code, reader)
      this.hold(this.#isHeld)
      if (refusal !== undefined && lasting.has(code)) throw refusal
    }
  }

  #open(): void {
    this.#phase = 'open'
    this.#limit.cancel()
    const { timeoutMs } = this.#ticket
    this.#pulse = new Pulse({
      clock: this.#options.checked.clock,
      timeoutMs,
      beat: () => this.#socket.send(new JuteWriter().int(pingXid).int(pingType).frame()),
      onSilence: (silentMs) => this.#lose(new Error(`it was silent for ${formatDuration(silentMs)}`)),
    })
    this.#opened.resolve(this.#ticket)
  }

  #lose(error: Error): void {
    this.#socket.destroy(error)
  }

  /** As an error that says which server, and why. */
  #explained(error: Error): ServiceError {
    if (error instanceof ServiceError) return error
    // A host with several addresses fails with an error for each, and says nothing itself.
    const { message } = errorOf(error instanceof AggregateError ? error.errors[0] : error)
    return new ServiceError('unavailable', `${this.#options.server.text}: ${message}`, { cause: error })
  }
}
