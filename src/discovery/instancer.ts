// Instancer: which instances a service has, from one lookup that all who ask share, whatever the registry.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { tell } from '../core/tell.ts'
import { within } from '../core/within.ts'
import { type BackoffOptions, backoff } from '../primitives/backoff.ts'
import { checkNumber } from '../primitives/check.ts'
import { checkInstance, type Instance, inOrder, sameInstances } from './instance.ts'

export type { BackoffOptions } from '../primitives/backoff.ts'
export type { Instance } from './instance.ts'

/**
 * What an adapter is: a function that yields the whole set at first and after each change, until `signal` aborts. It throws when the
 * registry fails, and is called again after a while; what it yields need not be sorted, and may be what it yielded before.
 */
export type InstanceSource = (signal: AbortSignal) => AsyncIterable<readonly Instance[]>

/** What is known of a service at a moment. */
export interface InstanceSet {
  /** In the order of their ids; undefined as long as nothing is known, and when what was known is too old. */
  readonly instances: readonly Instance[] | undefined
  /** When the registry last said which there are, in milliseconds since the epoch; undefined if never. */
  readonly seenAt: number | undefined
  /** What the registry fails with; undefined while it works. */
  readonly error: Error | undefined
  /** Since when it fails, in milliseconds since the epoch. */
  readonly failingSince: number | undefined
}

/** Looks up a service, for all who subscribe. Disposing it ends that for all of them. */
export interface Instancer extends AsyncDisposable {
  /** What is looked up and where: `addsvc in consul at http://127.0.0.1:8500`. */
  readonly name: string
  /** What is known now. */
  readonly current: InstanceSet
  /**
   * Calls the listener with what is known, before this returns, and after each change: of the set, and of whether the registry works. The
   * first subscriber begins the lookup; it stops when the last one has left, and what was known is kept.
   */
  subscribe(listener: (set: InstanceSet) => void): Disposable
}

/** What all instancers can be told. */
export interface InstancerOptions {
  /** How long to wait before a registry that failed is asked again. @default { initialMs: 1_000, multiplier: 1.6, maxMs: 120_000, jitter: 0.2 } */
  readonly backoff?: BackoffOptions | undefined
  /** After how long a failure makes what is known worthless, in milliseconds; at least 0. @default Infinity: what is known stays until the registry says otherwise */
  readonly invalidateAfterMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** Told of each failure of the registry. @default nothing */
  readonly onError?: ((event: InstancerErrorEvent) => void) | undefined
  /** Told of each change of the set. @default nothing */
  readonly onChange?: ((event: InstancesChangeEvent) => void) | undefined
}

/** A registry failed, or said what makes no sense. */
export interface InstancerErrorEvent {
  /** What was looked up. */
  readonly name: string
  readonly error: Error
  /** How many failures in a row this is, from 1. */
  readonly failures: number
  /** When it is asked again, in milliseconds from now. */
  readonly retryInMs: number
}

/** The set has changed. */
export interface InstancesChangeEvent {
  readonly name: string
  /** Undefined when what was known has become too old. */
  readonly instances: readonly Instance[] | undefined
}

/** Makes an instancer of a source. It owns all that is not about one registry: sharing, back-off, what is known, and the end. */
export function instancerFrom(name: string, source: InstanceSource, options: InstancerOptions = {}): Instancer {
  return new SharedInstancer(name, source, options)
}

const nothing: InstanceSet = Object.freeze({
  instances: undefined,
  seenAt: undefined,
  error: undefined,
  failingSince: undefined,
})
const background = { background: true }

class SharedInstancer implements Instancer {
  readonly name: string
  readonly #source: InstanceSource
  readonly #options: InstancerOptions
  readonly #clock: Clock
  readonly #delayMs: (attempt: number) => number
  readonly #invalidateAfterMs: number
  readonly #listeners = new Set<{ readonly hear: (set: InstanceSet) => void }>()
  #current = nothing
  #watch: Watch | undefined
  /** Ends when all watches that were begun have let go of what they hold. */
  #ended: Promise<void> = Promise.resolve()
  #invalidation: Timer | undefined
  #isClosed = false

  constructor(name: string, source: InstanceSource, options: InstancerOptions) {
    this.name = name
    this.#source = source
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#delayMs = backoff(options.backoff)
    this.#invalidateAfterMs = checkNumber('invalidateAfterMs', options.invalidateAfterMs ?? Infinity, { min: 0 })
  }

  get current(): InstanceSet {
    return this.#current
  }

  subscribe(listener: (set: InstanceSet) => void): Disposable {
    const heard = { hear: listener }
    this.#listeners.add(heard)
    if (this.#current !== nothing) tell(listener, this.#current)
    if (this.#watch === undefined && !this.#isClosed && this.#listeners.has(heard)) this.#begin()
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(heard) && this.#listeners.size === 0) this.#end()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#listeners.clear()
    this.#end()
    await this.#ended
  }

  #begin(): void {
    const watch = new Watch(this.#source, {
      clock: this.#clock,
      delayMs: this.#delayMs,
      onSnapshot: (instances) => this.#take(instances),
      onFailure: (error, failures, retryInMs) => this.#fail(error, failures, retryInMs),
    })
    this.#watch = watch
    // Not before the last one has gone: two watches of one subscription would each keep a connection.
    this.#ended = this.#ended.then(() => watch.run())
  }

  #end(): void {
    this.#watch?.stop()
    this.#watch = undefined
    this.#invalidation?.cancel()
    this.#invalidation = undefined
  }

  #take(instances: readonly Instance[]): void {
    const { instances: known, error } = this.#current
    const seenAt = this.#clock.wallNow()
    this.#invalidation?.cancel()
    this.#invalidation = undefined
    const isNew = known === undefined || !sameInstances(known, instances)
    this.#current = { instances: isNew ? instances : known, seenAt, error: undefined, failingSince: undefined }
    if (isNew) tell(this.#options.onChange, { name: this.name, instances })
    if (isNew || error !== undefined) this.#tellAll()
  }

  #fail(error: Error, failures: number, retryInMs: number): void {
    const { failingSince = this.#clock.wallNow(), instances, seenAt } = this.#current
    const wasWell = this.#current.error === undefined
    this.#current = { instances, seenAt, error, failingSince }
    if (instances !== undefined && this.#invalidateAfterMs !== Infinity)
      this.#invalidation ??= this.#clock.schedule(this.#invalidateAfterMs, () => this.#invalidate(), background)
    tell(this.#options.onError, { name: this.name, error, failures, retryInMs })
    // One outage is news once, however many attempts fail during it.
    if (wasWell) this.#tellAll()
  }

  #invalidate(): void {
    this.#current = { ...this.#current, instances: undefined }
    tell(this.#options.onChange, { name: this.name, instances: undefined })
    this.#tellAll()
  }

  #tellAll(): void {
    for (const { hear } of [...this.#listeners]) tell(hear, this.#current)
  }
}

/** Who hears of a watch. */
interface WatchOptions {
  readonly clock: Clock
  readonly delayMs: (attempt: number) => number
  readonly onSnapshot: (instances: readonly Instance[]) => void
  readonly onFailure: (error: Error, failures: number, retryInMs: number) => void
}

/** One subscription from its beginning to its end, through all failures. */
class Watch {
  readonly #source: InstanceSource
  readonly #options: WatchOptions
  readonly #stopping = new AbortController()
  #wake: (() => void) | undefined
  #failures = 0

  constructor(source: InstanceSource, options: WatchOptions) {
    this.#source = source
    this.#options = options
  }

  stop(): void {
    this.#stopping.abort(new Error('nobody asks for these instances any more'))
    this.#wake?.()
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
        if (!signal.aborted) throw new Error('the lookup ended')
      } catch (thrown) {
        if (!signal.aborted) await this.#rest(thrown)
      }
    }
  }

  /** Leaving the loop lets the source clean up; one that does not come to an end is left behind. */
  async #follow(signal: AbortSignal): Promise<void> {
    const snapshots = this.#source(signal)[Symbol.asyncIterator]()
    const stopped = Promise.withResolvers<IteratorResult<never>>()
    const stop = () => stopped.resolve({ done: true, value: undefined })
    signal.addEventListener('abort', stop, { once: true })
    try {
      for (;;) {
        const next = snapshots.next()
        // What a source that was left behind throws, nobody hears.
        next.catch(() => {})
        const { done, value } = await Promise.race([next, stopped.promise])
        if (done === true || signal.aborted) return
        const instances = checked(value)
        this.#failures = 0
        this.#options.onSnapshot(instances)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      await this.#letGo(snapshots)
    }
  }

  /** A source gets a second to let go of what it holds: one that does not hear the signal must not keep others from their end. */
  async #letGo(snapshots: AsyncIterator<unknown>): Promise<void> {
    const late = () => new Error('the source did not end')
    const end = Promise.resolve(snapshots.return?.())
    await within(end, { clock: this.#options.clock, limitMs: 1_000, background: true, late }).catch(() => {})
  }

  #rest(thrown: unknown): Promise<void> {
    const delayMs = this.#options.delayMs(this.#failures)
    this.#failures++
    return new Promise((resolve) => {
      const timer = this.#options.clock.schedule(delayMs, resolve, background)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
      this.#options.onFailure(errorOf(thrown), this.#failures, delayMs)
    })
  }
}

/** What a source gave, in order. Throws an Error for what is no set of instances: then all that is known stays. */
function checked(snapshot: unknown): readonly Instance[] {
  if (!Array.isArray(snapshot)) throw new Error('the registry gave no list of instances')
  for (const instance of snapshot) {
    try {
      checkInstance(instance)
    } catch (thrown) {
      throw new Error('the registry gave an instance that makes no sense', { cause: thrown })
    }
  }
  return inOrder(snapshot)
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
