// Collects lines into chunks for a channel: what a metric or a log line costs its caller is one string append.
import { type Clock, systemClock, type Task, type Timer } from '../core/clock.ts'
import { byteLength } from '../primitives/byte-length.ts'
import { checkNumber } from '../primitives/check.ts'
import { linesIn } from '../primitives/lines-in.ts'
import { RingBuffer } from '../primitives/ring-buffer.ts'
import type { Channel, ChannelListener } from './channel.ts'
import { Flushes } from './flushes.ts'
import { LineEncoder } from './line-encoder.ts'

/** How lines are collected, and how many are kept. */
export interface BatchWriterOptions {
  /**
   * How the receiver tells one from the next. `lines`: each ends with a line feed, and a datagram takes as many as fit. `each`: a datagram is one, and in
   * a stream each says by itself how long it is or where it ends. @default 'lines'
   */
  readonly framing?: 'lines' | 'each' | undefined
  /**
   * The largest chunk, in bytes. For datagrams it keeps to what one packet carries: 1_432 on Ethernet (1_500 less headers, some of
   * tunnels), 8_932 with jumbo frames on the whole way, 508 across the internet. In a stream only a single longer line exceeds it,
   * and what is not ASCII. @default 1_432 for datagrams, 16_384 for streams
   */
  readonly maxChunkBytes?: number | undefined
  /** How much may wait for a channel that is down or slow, in bytes; at least a chunk. The oldest is dropped for the newest. @default 1_048_576 */
  readonly maxPendingBytes?: number | undefined
  /** How long a line waits for others to fill its chunk, in milliseconds. @default 100 */
  readonly flushIntervalMs?: number | undefined
  /** How long `flush` waits, in milliseconds. @default 2_000 */
  readonly flushTimeoutMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** The lines of a chunk. */
interface Part {
  readonly lines: number
  /** How many lines were accepted before these. */
  readonly start: number
}

interface Chunk extends Part {
  readonly bytes: Uint8Array
}

const newline = '\n'
const background = { background: true }
const mostDatagramBytes = 65_507
const mostStreamChunkBytes = 1_048_576
const mostPendingBytes = 2 ** 31

/**
 * Writes lines to a channel, each at most once and in order. Neither a channel that is down nor one that is slow throws or takes
 * memory beyond `maxPendingBytes`: lines are dropped, and counted. Its timer does not hold the process, so what was written last needs
 * `flush` or disposal to go out before the end. Disposing flushes, then drops what is left; the channel stays open.
 */
export class BatchWriter implements ChannelListener, Task, AsyncDisposable {
  readonly #channel: Channel
  readonly #encoder: LineEncoder
  readonly #maxPendingBytes: number
  readonly #flushIntervalMs: number
  readonly #clock: Clock
  /** The longest line, and what fits into one text, in bytes as far as they are known. */
  readonly #longest: number
  /** Whether a datagram is one line, without a line feed. */
  readonly #isOneEach: boolean
  #fits: number
  #text = ''
  /** How many bytes the text has: at least, for each character is one unless more was said. */
  #textBytes = 0
  #lines = 0
  readonly #pending = new RingBuffer<Chunk>()
  #pendingBytes = 0
  /** Given to the channel, and without an answer. */
  readonly #given = new RingBuffer<Part>()
  /** By the numbers of lines, of which the first is 0. */
  readonly #flushes: Flushes
  #timer: Timer | undefined
  /** The channel takes nothing until it says so. */
  #blocked = false
  /** The text should be on its way by now. */
  #due = false
  #accepted = 0
  #sent = 0
  #dropped = 0

  /** Throws a RangeError or TypeError for an option out of range. */
  constructor(channel: Channel, options: BatchWriterOptions = {}) {
    const { datagrams } = channel
    const mostBytes = datagrams ? mostDatagramBytes : mostStreamChunkBytes
    const maxChunkBytes = checkNumber('maxChunkBytes', options.maxChunkBytes ?? (datagrams ? 1_432 : 16_384), {
      min: 1,
      max: mostBytes,
      integer: true,
    })
    this.#maxPendingBytes = checkNumber(
      'maxPendingBytes',
      options.maxPendingBytes ?? Math.max(1_048_576, maxChunkBytes),
      { min: maxChunkBytes, max: mostPendingBytes },
    )
    this.#flushIntervalMs = checkNumber('flushIntervalMs', options.flushIntervalMs ?? 100, { min: 0 })
    const flushTimeoutMs = checkNumber('flushTimeoutMs', options.flushTimeoutMs ?? 2_000, { min: 0 })
    this.#clock = options.clock ?? systemClock
    this.#flushes = new Flushes(this.#clock, flushTimeoutMs)
    this.#isOneEach = datagrams && options.framing === 'each'
    // The last line feed of a datagram stays at home.
    const mostChars = datagrams && !this.#isOneEach ? maxChunkBytes + 1 : maxChunkBytes
    this.#longest = datagrams ? mostChars : this.#maxPendingBytes
    // Nothing fits beside another one: so each has its own datagram, at no cost for those that share them.
    this.#fits = this.#isOneEach ? 0 : mostChars
    this.#encoder = new LineEncoder(datagrams ? maxChunkBytes : Infinity, this.#isOneEach)
    this.#channel = channel
    channel.listen(this)
  }

  /** How many lines the system has taken, as far as the channel can know. */
  get sent(): number {
    return this.#sent
  }

  /** How many lines were lost: too old or too long to be kept, refused, cut off, or written after the end. */
  get dropped(): number {
    return this.#dropped
  }

  /** Whether chunks wait because the channel took nothing the last time that it was given one. */
  get blocked(): boolean {
    return this.#blocked
  }

  /** How many bytes of chunks wait for the channel. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Takes a line that ends with a line feed, or as the framing has it. `extraBytes` says how many bytes more than characters it has in UTF-8: several lines
   * in one text are never torn apart, and count as one, where that is right of all that is written.
   */
  write(line: string, extraBytes = 0): void {
    const bytes = line.length + extraBytes
    if (this.#textBytes + bytes > this.#fits && !this.#makeRoom(bytes)) return
    this.#text += line
    this.#textBytes += bytes
    this.#lines++
    if (this.#timer === undefined) this.#arm()
  }

  /** Resolves when what was written until now was handed over or dropped, or at `flushTimeoutMs`: then the rest stays where it is. */
  flush(): Promise<void> {
    if (!this.#blocked) this.#cutAll()
    const newest = this.#accepted + this.#lines - 1
    return this.#oldest > newest ? Promise.resolve() : this.#flushes.wait(newest)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // From now on no line fits.
    this.#fits = -1
    await this.flush()
    this.#timer?.cancel()
    this.#dropped += this.#lines
    this.#text = ''
    this.#textBytes = 0
    this.#lines = 0
    while (this.#pending.length > 0) this.#dropOldest()
  }

  /** The interval has passed. The next line sets the timer again. */
  run(): void {
    this.#timer = undefined
    if (this.#blocked) this.#due = true
    else this.#cutAll()
  }

  onAnswer(error?: Error): void {
    const chunk = this.#given.shift()
    if (chunk === undefined) return
    if (error === undefined) this.#sent += chunk.lines
    else this.#dropped += chunk.lines
    this.#release()
  }

  onReady(): void {
    this.#send()
    if (!this.#blocked && (this.#due || this.#flushes.size > 0)) this.#cutAll()
  }

  /** The first line that was neither handed over nor dropped. */
  get #oldest(): number {
    return (this.#given.peek() ?? this.#pending.peek())?.start ?? this.#accepted
  }

  #makeRoom(bytes: number): boolean {
    if (this.#fits === -1 || bytes > this.#longest) {
      this.#dropped++
      return false
    }
    while (this.#lines > 0 && this.#textBytes + bytes > this.#fits) this.#cut()
    return true
  }

  #arm(): void {
    this.#timer = this.#clock.scheduleAt(this.#clock.now() + this.#flushIntervalMs, this, background)
  }

  #cutAll(): void {
    this.#due = false
    while (this.#lines > 0) this.#cut()
  }

  #cut(): void {
    const text = this.#text
    const end = this.#encoder.encode(text)
    this.#text = end > 0 ? text.slice(end) : this.#isOneEach ? '' : text.slice(text.indexOf(newline) + 1)
    this.#textBytes = byteLength(this.#text)
    if (end === text.length) {
      this.#keep(this.#lines)
    } else if (end > 0) {
      this.#keep(this.#lines - linesIn(this.#text))
    } else {
      this.#lines--
      this.#accepted++
      this.#dropped++
    }
  }

  /** Makes a chunk of what was encoded. */
  #keep(lines: number): void {
    const { bytes } = this.#encoder
    this.#lines -= lines
    this.#pending.push({ bytes, lines, start: this.#accepted })
    this.#pendingBytes += bytes.byteLength
    this.#accepted += lines
    if (!this.#blocked) this.#send()
    while (this.#pendingBytes > this.#maxPendingBytes) this.#dropOldest()
  }

  #send(): void {
    this.#blocked = false
    for (let next = this.#pending.peek(); next !== undefined; next = this.#pending.peek()) {
      if (!this.#channel.send(next.bytes)) {
        this.#blocked = true
        return
      }
      this.#pending.shift()
      this.#pendingBytes -= next.bytes.byteLength
      this.#given.push({ lines: next.lines, start: next.start })
    }
  }

  #dropOldest(): void {
    const oldest = this.#pending.shift()
    if (oldest === undefined) return
    this.#pendingBytes -= oldest.bytes.byteLength
    this.#dropped += oldest.lines
    this.#release()
  }

  #release(): void {
    if (this.#flushes.size > 0) this.#flushes.settle(this.#oldest)
  }
}
