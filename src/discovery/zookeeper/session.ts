// Session: what we are to an ensemble, over all connections: it is taken along from server to server, and made anew once the ensemble has forgotten it.
import type { Timer } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import { pause } from '../../core/pause.ts'
import { backoff } from '../../primitives/backoff.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { CheckedConnection } from './connection.ts'
import { Link } from './link.ts'
import type { ZookeeperServer } from './server-list.ts'
import type { SessionTicket } from './session-ticket.ts'
import type { WatchEvent } from './watch-event.ts'

/** Who hears of a session. */
export interface SessionListener {
  /** There is a link, which watches nothing yet. Told before those who wait for it go on. */
  onConnect(link: Link): void
  onEvent(event: WatchEvent): void
  /** The link is over. */
  onDisconnect(error: ServiceError): void
  /** The ensemble has forgotten the session, and with it its ephemeral nodes; or, of one that is kept, has not been heard for so long that it may have. */
  onLost(): void
}

/** How a session goes on. */
export interface SessionOptions {
  /** Whether it connects again by itself, as long as it is a session: nodes depend on it. Otherwise only when it is asked to. */
  readonly keep: boolean
}

const closeLimitMs = 500
// What held for this long was no accident.
const steadyMs = 1_000
const newTicket = { id: 0n, password: new Uint8Array(16) }
const background = { background: true }

/** Connects when it is asked to. Holds the process only while somebody waits for an answer. */
export class Session {
  readonly #checked: CheckedConnection
  readonly #listener: SessionListener
  readonly #keep: boolean
  readonly #ending = new AbortController()
  readonly #delayMs: (attempt: number) => number
  #ticket: SessionTicket
  #lastZxid = 0n
  #link: Link | undefined
  /** The link that is being opened. */
  #opening: Link | undefined
  #connecting: Promise<Link> | undefined
  #awaiting = 0
  #failures = 0
  /** When the link was opened. */
  #openedAt = 0
  /** When it was lost. */
  #lostAt = 0
  #silence: Timer | undefined
  #closing: Promise<void> | undefined

  constructor(checked: CheckedConnection, listener: SessionListener, { keep }: SessionOptions) {
    this.#checked = checked
    this.#listener = listener
    this.#keep = keep
    this.#ticket = { ...newTicket, timeoutMs: checked.sessionTimeoutMs }
    // Some attempts must fit into the time that the session has.
    const maxMs = checked.sessionTimeoutMs / 4
    this.#delayMs = backoff({ initialMs: Math.min(100, maxMs), maxMs, random: checked.random })
  }

  /** 0 while there is none. */
  get id(): bigint {
    return this.#ticket.id
  }

  /** Resolves with the link; connects if there is none. One round over all servers serves all who ask; rejects when it fails, or the signal aborts. */
  async connect(signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    if (this.#link !== undefined) return this.#link
    this.#awaiting++
    this.#opening?.hold(true)
    this.#connecting ??= this.#connect()
    try {
      return await unlessAborted(this.#connecting, signal)
    } finally {
      if (--this.#awaiting === 0) this.#opening?.hold(false)
    }
  }

  /** Lets go of the connection, and keeps the session for the next one. */
  async drop(): Promise<void> {
    const link = this.#link
    link?.destroy()
    await link?.close(0)
  }

  /** Ends the session, for good; resolves when nothing is left of it here. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#ending.abort(new ServiceError('canceled', `the session with ${this.#checked.name} was closed`))
    this.#silence?.cancel()
    this.#opening?.destroy()
    await Promise.all([this.#opening?.close(0), this.#link?.close(closeLimitMs)])
    this.#ticket = { ...newTicket, timeoutMs: 0 }
  }

  async #connect(): Promise<Link> {
    const { signal } = this.#ending
    try {
      // What is kept is shared by many, each of which asks again and again: they are served together.
      if (this.#keep && this.#failures > 0) await pause(this.#checked.clock, this.#delayMs(this.#failures - 1), signal)
      return await this.#tryAll()
    } catch (thrown) {
      this.#failures++
      throw thrown
    } finally {
      this.#connecting = undefined
      if (this.#link === undefined) this.#goOn()
    }
  }

  /** Connects again by itself where something depends on it. */
  #goOn(): void {
    if (!this.#keep || this.id === 0n || this.#ending.signal.aborted) return
    // Who asks for it hears why it fails.
    this.#connecting ??= this.#connect()
    this.#connecting.catch(() => {})
  }

  async #tryAll(): Promise<Link> {
    const { servers, name, clock } = this.#checked
    const failures: ServiceError[] = []
    let refused = 0
    for (let tries = 0; tries < servers.count; tries++) {
      this.#ending.signal.throwIfAborted()
      const server = servers.next()
      let link = this.#begin(server)
      try {
        if (!(await this.#opened(link))) {
          // The ensemble has forgotten the session: the same server gives another one.
          this.#forget()
          this.#ending.signal.throwIfAborted()
          link = this.#begin(server)
          await this.#opened(link)
        }
        return link
      } catch (thrown) {
        failures.push(ServiceError.from(thrown))
        if (link.wasRefusedInSilence) refused++
      }
    }
    this.#ending.signal.throwIfAborted()
    // Servers that have lost their memory know less than the session has seen, and refuse it for ever, without a word.
    if (refused > 0 && this.id !== 0n && clock.now() - this.#lostAt > this.#ticket.timeoutMs) this.#forget()
    const codes = new Set(failures.map(({ code }) => code))
    const [code = 'unavailable'] = codes.size === 1 ? codes : []
    const reasons = failures.map(({ message }) => message).join('; ')
    throw new ServiceError(code, `${name} cannot be used: ${reasons}`, { cause: failures[0] })
  }

  #begin(server: ZookeeperServer): Link {
    const link: Link = new Link({
      checked: this.#checked,
      server,
      ticket: this.#ticket,
      lastZxid: this.#lastZxid,
      onEvent: (event) => this.#listener.onEvent(event),
      onEnd: (error) => this.#lose(link, error),
    })
    this.#opening = link
    link.hold(this.#awaiting > 0)
    return link
  }

  /** Whether it has a session. */
  async #opened(link: Link): Promise<boolean> {
    try {
      const ticket = await link.opened
      if (ticket === undefined) return false
      // It may have ended since.
      if (link.error !== undefined) throw link.error
      this.#ticket = ticket
      this.#link = link
      this.#openedAt = this.#checked.clock.now()
      this.#silence?.cancel()
      link.hold(false)
      this.#listener.onConnect(link)
      return true
    } finally {
      this.#opening = undefined
    }
  }

  #lose(link: Link, error: ServiceError): void {
    if (link.lastZxid > this.#lastZxid) this.#lastZxid = link.lastZxid
    if (link !== this.#link) return
    this.#link = undefined
    const { clock } = this.#checked
    this.#lostAt = clock.now()
    // A server that takes us and lets us fall is not asked again and again.
    this.#failures = this.#lostAt - this.#openedAt < steadyMs ? this.#failures + 1 : 0
    this.#listener.onDisconnect(error)
    if (!this.#keep || this.#ending.signal.aborted) return
    this.#silence = clock.schedule(this.#ticket.timeoutMs, () => this.#listener.onLost(), background)
    this.#goOn()
  }

  #forget(): void {
    this.#silence?.cancel()
    this.#lastZxid = 0n
    this.#ticket = { ...newTicket, timeoutMs: this.#checked.sessionTimeoutMs }
    this.#listener.onLost()
  }
}
