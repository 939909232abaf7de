// Where points go: to InfluxDB, and into a small box while it does not take them.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Clock, systemClock } from '../../core/clock.ts'
import { HttpService, refusedReply } from '../../platform/http-service.ts'
import { retryAfterMsOf } from '../../platform/retry-after.ts'
import { linesIn } from '../../primitives/lines-in.ts'
import { systemRandom } from '../../primitives/random.ts'
import { confirmAll, Increases } from '../increases.ts'
import type { Destination, Sending } from '../pushed-metrics.ts'
import type { Registry } from '../registry.ts'
import { Batches } from './batches.ts'
import { deliver } from './deliver.ts'
import { InfluxLines } from './influx-lines.ts'
import type { CheckedInflux, InfluxOptions } from './influx-options.ts'
import { Nanoseconds } from './nanoseconds.ts'

/** How sending goes. */
export interface InfluxStats {
  /** How many lines the server has taken. */
  readonly sent: number
  /** How many were lost: refused by the server, or left over at the end. The server is told in the counter `influx.dropped_lines`. */
  readonly dropped: number
  /** How many wait because the server does not take them. */
  readonly pending: number
  /** What the last sending failed with, in the server's words; undefined when it did not. */
  readonly lastError: unknown
}

const compressed = promisify(gzip)
/** Below that it gains nothing: it all goes into one packet. */
const leastGzipChars = 1_024
/** Whatever a server says, it is asked again after this. */
const longestRestMs = 300_000

/**
 * Sends lines, and makes new ones only once those before have arrived or were refused: so at most the lines of one sending are kept, always with their times, what is measured meanwhile is in the
 * next ones, and a line of which nobody knows whether it arrived is sent again as it was.
 */
export class InfluxDestination implements Destination {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #service: HttpService
  readonly #path: string
  readonly #gzip: boolean
  readonly #lines: InfluxLines
  readonly #batches: Batches
  readonly #nanoseconds: Nanoseconds
  readonly #increases = new Increases()
  #pending: readonly string[] = []
  #sent = 0
  #dropped = 0
  #lastError: unknown
  /** The server wants to be left alone until then. */
  #restsUntil = -Infinity

  constructor(registry: Registry, { service, path, limits, lines }: CheckedInflux, options: InfluxOptions) {
    this.#registry = registry
    this.#clock = options.clock ?? systemClock
    this.#service = new HttpService(service)
    this.#path = path
    this.#gzip = options.gzip ?? true
    this.#lines = new InfluxLines(lines)
    this.#batches = new Batches(limits)
    this.#nanoseconds = new Nanoseconds(options.random ?? systemRandom)
  }

  get stats(): InfluxStats {
    const pending = this.#pending.reduce((lines, batch) => lines + linesIn(batch), 0)
    return { sent: this.#sent, dropped: this.#dropped, pending, lastError: this.#lastError }
  }

  async send({ signal, isLast }: Sending): Promise<void> {
    // At the end there is nothing to be spared for.
    if (!isLast && this.#clock.now() < this.#restsUntil) throw this.#lastError
    this.#lastError = undefined
    try {
      await this.#deliver(signal)
      this.#pending = this.#newest()
      await this.#deliver(signal)
    } catch (error) {
      this.#lastError = error
    }
    if (isLast) this.#drop()
    if (this.#lastError !== undefined) throw this.#lastError
  }

  close(): Promise<void> {
    return this.#service[Symbol.asyncDispose]()
  }

  /** Throws while something is left, what the server said. */
  async #deliver(signal: AbortSignal): Promise<void> {
    while (this.#pending.length > 0) {
      const [batch = '', ...others] = this.#pending
      const { sent, refused, rest, error } = await deliver((part) => this.#put(part, signal), batch)
      this.#pending = [...rest, ...others]
      this.#sent += sent
      if (refused > 0) this.#lose(refused)
      if (error !== undefined) this.#lastError = error
      if (rest.length > 0) throw this.#rested(error)
    }
  }

  async #put(batch: string, signal: AbortSignal): Promise<void> {
    const isGzipped = this.#gzip && batch.length >= leastGzipChars
    const headers = { 'content-type': 'text/plain; charset=utf-8', accept: 'application/json' }
    await this.#service.ask(this.#path, {
      method: 'POST',
      headers: isGzipped ? { ...headers, 'content-encoding': 'gzip' } : headers,
      body: isGzipped ? await compressed(batch) : batch,
      signal,
      background: true,
    })
  }

  #rested(error: unknown): unknown {
    const { headers } = refusedReply(error) ?? {}
    const restMs = headers && retryAfterMsOf(headers, this.#clock.wallNow())
    if (restMs !== undefined) this.#restsUntil = this.#clock.now() + Math.min(restMs, longestRestMs)
    return error
  }

  /** What was gained since the last time. It is in our hands then, and arrives or is refused. */
  #newest(): readonly string[] {
    const taken = this.#increases.take(this.#registry.collect())
    const at = this.#nanoseconds.at(this.#clock.wallNow())
    this.#lines.write(taken, at, (line) => this.#batches.add(line))
    confirmAll(taken)
    return this.#batches.take()
  }

  #lose(lines: number): void {
    this.#dropped += lines
    this.#registry.counter({ name: 'influx.dropped_lines' }).add(lines)
  }

  #drop(): void {
    this.#dropped += this.stats.pending
    this.#pending = []
  }
}
