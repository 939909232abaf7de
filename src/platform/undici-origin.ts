// The connections to one origin: the one used last is used next, and what finds none free waits in the order of its coming.
import type { SecureContext } from 'node:tls'
import type { Task, Timer } from '../core/clock.ts'
import type { ServiceError } from '../core/errors.ts'
import type { Exchange, OpenOrigin, OutgoingRequest, ReplyListener } from './exchange.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'
import { type ConnectionOwner, UndiciConnection } from './undici-connection.ts'
import { type ConnectionLender, UndiciExchange } from './undici-exchange.ts'

/** An origin over undici. */
export class UndiciOrigin implements OpenOrigin, ConnectionOwner, ConnectionLender {
  readonly url: string
  readonly options: CheckedRequesterOptions
  session: Buffer | undefined
  readonly #idle: UndiciConnection[] = []
  readonly #used = new Set<UndiciConnection>()
  readonly #ending = new Set<Promise<void>>()
  readonly #waiting = new Set<UndiciExchange>()
  readonly #secure: { readonly context: SecureContext }
  #closedWith: ServiceError | undefined

  constructor(url: string, options: CheckedRequesterOptions, secure: { readonly context: SecureContext }) {
    this.url = url
    this.options = options
    this.#secure = secure
  }

  get secureContext(): SecureContext {
    return this.#secure.context
  }

  get label(): string {
    const { socketPath } = this.options
    return socketPath === undefined ? this.url : `${this.url} (${socketPath})`
  }

  send(request: OutgoingRequest, listener: ReplyListener): Exchange {
    const exchange = new UndiciExchange(this, request, listener)
    if (this.#closedWith === undefined) this.#assign(exchange)
    else exchange.failLater(this.#closedWith)
    return exchange
  }

  timer(delayMs: number, task: Task): Timer {
    const { clock } = this.options
    return clock.scheduleAt(clock.now() + delayMs, task)
  }

  forget(exchange: UndiciExchange): void {
    this.#waiting.delete(exchange)
  }

  release(connection: UndiciConnection): void {
    connection.exchange = undefined
    if (connection.expired) {
      this.#retire(connection)
      return
    }
    for (const exchange of this.#waiting) {
      this.#carry(connection, exchange)
      return
    }
    this.#idle.push(connection)
  }

  drop(connection: UndiciConnection): void {
    connection.exchange = undefined
    this.#leave(connection, connection.destroy())
  }

  onUnfit(connection: UndiciConnection): void {
    if (connection.exchange !== undefined) return
    const place = this.#idle.indexOf(connection)
    if (place === -1) return
    this.#idle.splice(place, 1)
    this.#retire(connection)
  }

  async close(error: ServiceError): Promise<void> {
    this.#closedWith = error
    for (const exchange of this.#waiting) exchange.abort(error)
    for (const connection of this.#used) {
      connection.exchange?.abort(error)
      this.drop(connection)
    }
    this.#idle.length = 0
    await Promise.all(this.#ending)
  }

  #assign(exchange: UndiciExchange): void {
    const connection = this.#idle.pop() ?? this.#open()
    if (connection === undefined) this.#waiting.add(exchange)
    else connection.carry(exchange)
  }

  #carry(connection: UndiciConnection, exchange: UndiciExchange): void {
    this.#waiting.delete(exchange)
    connection.carry(exchange)
  }

  #open(): UndiciConnection | undefined {
    if (this.#used.size >= this.options.maxConnections) return undefined
    const connection = new UndiciConnection(this)
    this.#used.add(connection)
    return connection
  }

  #retire(connection: UndiciConnection): void {
    this.#leave(connection, connection.retire())
  }

  #leave(connection: UndiciConnection, ended: Promise<void>): void {
    if (!this.#used.delete(connection)) return
    const ending = ended.finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
    for (const exchange of this.#waiting) {
      const another = this.#open()
      if (another === undefined) return
      this.#carry(another, exchange)
    }
  }
}
