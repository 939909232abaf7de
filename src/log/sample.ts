// A sink in front of another that thins out floods: the first records of a kind in each second, then some, and always how many were not written.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Level, severities } from './level.ts'
import { type BoundFields, type LogRecord, type RecordOutline, sharedBound } from './log-record.ts'
import { checkSink, type Sink } from './sink.ts'

/** Which records are written. */
export interface SampleOptions {
  /** How many records of a key are written in each window. @default 100 */
  readonly first?: number | undefined
  /** Of those that follow in the window, one in how many is written; 0 for none. @default 100 */
  readonly thereafter?: number | undefined
  /** How long a window is, in milliseconds. It begins with the first record of its key. @default 1_000 */
  readonly windowMs?: number | undefined
  /** What is counted together; records for which it gives undefined, or throws, are all written. @default level and message */
  readonly key?: ((record: LogRecord) => string | undefined) | undefined
  /** How many keys are counted by themselves, at least 1; those beyond share one count until others have been quiet for a window. @default 1_000 */
  readonly keys?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** A sink with a life: disposing it says what was left out so far, and from then on it writes everything. It does not close the sink behind it. */
export interface SampledSink extends Sink {
  flush(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Writes a sample of the records, errors like all others. What was left out is said in `left_out` of the next record of its key that is
 * written, or in a record of its own, `records left out`, when a window or the sampling ends: records and `left_out` add up to
 * all that was logged. Throws a TypeError or RangeError for an option out of its range.
 */
export function sample(sink: Sink, options?: SampleOptions): SampledSink {
  return new Sample(checkSink(sink), options)
}

/** What is known of the records of a key. */
interface Kind {
  /** A moment of the records' own time, so that no clock is read for each. */
  windowAt: number
  /** How many came in the window. */
  count: number
  /** How many were left out and not yet spoken of; of these the most severe level, the last message, and what all had bound. */
  leftOut: number
  level: Level
  message: string
  bound: BoundFields | undefined
}

type Kinds = Map<string, Kind>

class Sample implements SampledSink {
  readonly #sink: Sink
  readonly #first: number
  readonly #thereafter: number
  readonly #windowMs: number
  readonly #key: ((record: LogRecord) => string | undefined) | undefined
  readonly #mostKinds: number
  readonly #clock: Clock
  /** With keys of the program's own, all are in the first one. */
  readonly #kinds: Readonly<Record<Level, Kinds>> = {
    debug: new Map(),
    info: new Map(),
    warn: new Map(),
    error: new Map(),
  }
  /** All keys for which there was no room. */
  readonly #others: Kind = newKind()
  #timer: Timer | undefined
  #isOver = false

  constructor(sink: Sink, options: SampleOptions = {}) {
    const { first = 100, thereafter = 100, windowMs = 1_000, key, keys = 1_000, clock = systemClock } = options
    if (key !== undefined && typeof key !== 'function') throw new TypeError('key must be a function')
    this.#sink = sink
    this.#first = checkNumber('first', first, { min: 0, integer: true })
    this.#thereafter = checkNumber('thereafter', thereafter, { min: 0, integer: true })
    this.#windowMs = checkNumber('windowMs', windowMs, { min: 1, max: 86_400_000 })
    this.#key = key
    this.#mostKinds = checkNumber('keys', keys, { min: 1, max: 1_000_000, integer: true })
    this.#clock = clock
  }

  get dropped(): number {
    return this.#sink.dropped ?? 0
  }

  /** Gives back what the sink gives: should it be a promise after all, who called catches what that rejects with. */
  write(record: LogRecord): unknown {
    const kind = this.#isOver ? undefined : this.#kindOf(record)
    if (kind === undefined) return this.#sink.write(record)
    if (this.#hasEnded(kind, record.at)) {
      kind.windowAt = record.at
      kind.count = 0
    }
    kind.count++
    if (!this.#isWritten(kind.count)) {
      leaveOut(kind, record)
      return undefined
    }
    const { leftOut } = kind
    if (leftOut === 0) return this.#sink.write(record)
    const given = this.#sink.write({ ...record, fields: { ...record.fields, left_out: leftOut } })
    kind.leftOut = 0
    return given
  }

  skips(outline: RecordOutline): boolean {
    if (this.#isOver || this.#key !== undefined) return false
    const kind = this.#kinds[outline.level].get(outline.message)
    if (kind === undefined || this.#hasEnded(kind, outline.at) || this.#isWritten(kind.count + 1)) return false
    kind.count++
    leaveOut(kind, outline)
    return true
  }

  async flush(): Promise<void> {
    this.#sayAll()
    await this.#sink.flush?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    this.#sayAll()
  }

  #isWritten(count: number): boolean {
    const beyond = count - this.#first
    return beyond <= 0 || (this.#thereafter > 0 && beyond % this.#thereafter === 0)
  }

  /** Also when the records' clock was put back: who knows for how long. */
  #hasEnded({ windowAt }: Kind, at: number): boolean {
    return !(at >= windowAt && at - windowAt < this.#windowMs)
  }

  #kindOf(record: LogRecord): Kind | undefined {
    const key = this.#keyOf(record)
    if (key === undefined) return undefined
    const kinds = this.#key === undefined ? this.#kinds[record.level] : this.#kinds.debug
    const known = kinds.get(key)
    if (known !== undefined) return known
    this.#timer ??= this.#clock.schedule(this.#windowMs, () => this.#sweep(), { background: true })
    if (this.#size() >= this.#mostKinds) return this.#others
    const kind = newKind()
    // A copy: of a key that is a piece of a text, as of a request, some engines hold that whole text.
    kinds.set(typeof key === 'string' ? ` ${key}`.slice(1) : key, kind)
    return kind
  }

  #keyOf(record: LogRecord): string | undefined {
    if (this.#key === undefined) return record.message
    try {
      return this.#key(record)
    } catch {
      return undefined
    }
  }

  #size(): number {
    const { debug, info, warn, error } = this.#kinds
    return debug.size + info.size + warn.size + error.size
  }

  /** Speaks of what was left out in windows that have ended, and forgets the keys that have been quiet since. */
  #sweep(): void {
    this.#timer = undefined
    const at = this.#clock.wallNow()
    for (const kinds of Object.values(this.#kinds)) {
      for (const [key, kind] of kinds) {
        const hasEnded = this.#hasEnded(kind, at)
        // Where no record is written at the beginning of a window none would ever speak of those before.
        if (hasEnded || this.#first === 0) this.#say(kind, at)
        if (hasEnded && kind.leftOut === 0) kinds.delete(key)
      }
    }
    if (this.#hasEnded(this.#others, at) || this.#first === 0) this.#say(this.#others, at)
    if (this.#size() + this.#others.leftOut > 0)
      this.#timer = this.#clock.schedule(this.#windowMs, () => this.#sweep(), { background: true })
  }

  #sayAll(): void {
    const at = this.#clock.wallNow()
    for (const kinds of Object.values(this.#kinds)) for (const kind of kinds.values()) this.#say(kind, at)
    this.#say(this.#others, at)
  }

  #say(kind: Kind, at: number): void {
    const { leftOut, level, message, bound } = kind
    if (leftOut === 0) return
    try {
      const fields = { left_out: leftOut, of: message }
      const given: unknown = this.#sink.write({ at, level, message: 'records left out', bound, fields })
      kind.leftOut = 0
      kind.bound = undefined
      // An async function fits the type, and nobody above hears of this record.
      if (given instanceof Promise) given.catch(() => {})
    } catch {
      // It is said again later.
    }
  }
}

function newKind(): Kind {
  return { windowAt: NaN, count: 0, leftOut: 0, level: 'debug', message: '', bound: undefined }
}

function leaveOut(kind: Kind, { level, message, bound }: RecordOutline): void {
  const isFirst = kind.leftOut++ === 0
  if (isFirst || severities[level] > severities[kind.level]) kind.level = level
  kind.message = message
  kind.bound = isFirst ? bound : sharedBound(kind.bound, bound)
}
