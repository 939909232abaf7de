// Instancer: which instances a service has, from one lookup that all who ask share, whatever the registry.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { tell } from '../core/tell.ts'
import { type BackoffOptions, backoff } from '../primitives/backoff.ts'
import { checkNumber } from '../primitives/check.ts'
import { HeldInstances } from './held-instances.ts'
import { type Instance, sameInstances } from './instance.ts'
import { type InstanceSource, InstanceWatch } from './instance-watch.ts'

export type { BackoffOptions } from '../primitives/backoff.ts'
export type { Instance } from './instance.ts'
export type { InstanceSource } from './instance-watch.ts'

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
  /**
   * How long after a failure of the registry instances are kept that it does not name any more, in milliseconds; at least 0. One that lost its memory
   * says that there are none until all have registered again. @default 60_000
   */
  readonly recoveryMs?: number | undefined
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
  readonly #recoveryMs: number
  readonly #held = new HeldInstances()
  readonly #listeners = new Set<{ readonly hear: (set: InstanceSet) => void }>()
  #current = nothing
  #watch: InstanceWatch | undefined
  /** Ends when all watches that were begun have let go of what they hold. */
  #ended: Promise<void> = Promise.resolve()
  #invalidation: Timer | undefined
  #recovery: Timer | undefined
  /** What the registry itself said last. */
  #named: readonly Instance[] = []
  /** Whether the registry failed when it was asked last, before anybody asked again. */
  #wasFailing = false
  #isClosed = false

  constructor(name: string, source: InstanceSource, options: InstancerOptions) {
    this.name = name
    this.#source = source
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#delayMs = backoff(options.backoff)
    this.#invalidateAfterMs = checkNumber('invalidateAfterMs', options.invalidateAfterMs ?? Infinity, { min: 0 })
    this.#recoveryMs = checkNumber('recoveryMs', options.recoveryMs ?? 60_000, { min: 0 })
  }

  get current(): InstanceSet {
    return this.#current
  }

  subscribe(listener: (set: InstanceSet) => void): Disposable {
    const heard = { hear: listener }
    this.#listeners.add(heard)
    if (this.#watch === undefined && !this.#isClosed) this.#begin()
    if (this.#current !== nothing) tell(listener, this.#current)
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
    // Whether it fails now, nobody knows yet.
    if (this.#current.error !== undefined) {
      this.#current = { ...this.#current, error: undefined, failingSince: undefined }
      this.#wasFailing = true
    }
    const watch = new InstanceWatch(this.#source, {
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
    this.#endRecovery()
  }

  #take(named: readonly Instance[]): void {
    this.#invalidation?.cancel()
    this.#invalidation = undefined
    this.#named = named
    const isBack = this.#current.error !== undefined || this.#wasFailing
    this.#wasFailing = false
    if (isBack && this.#recoveryMs > 0) this.#held.hold(this.#current.instances ?? [])
    this.#become(this.#held.with(named), this.#clock.wallNow())
    if (!this.#held.isEmpty)
      this.#recovery ??= this.#clock.schedule(this.#recoveryMs, () => this.#recover(), background)
    else this.#endRecovery()
  }

  /** Whoever has not registered again by now is not there. */
  #recover(): void {
    this.#endRecovery()
    this.#become(this.#named, this.#current.seenAt)
  }

  #endRecovery(): void {
    this.#recovery?.cancel()
    this.#recovery = undefined
    this.#held.release()
  }

  #become(instances: readonly Instance[], seenAt: number | undefined): void {
    const { instances: known, error } = this.#current
    const isNew = known === undefined || !sameInstances(known, instances)
    this.#current = { instances: isNew ? instances : known, seenAt, error: undefined, failingSince: undefined }
    if (isNew) tell(this.#options.onChange, { name: this.name, instances })
    if (isNew || error !== undefined) this.#tellAll()
  }

  #fail(error: Error, failures: number, retryInMs: number): void {
    // Whoever is held now is held anew when the registry is back.
    this.#recovery?.cancel()
    this.#recovery = undefined
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
    for (const heard of [...this.#listeners]) {
      // One that left because of an earlier one's doing is told no more.
      if (this.#listeners.has(heard)) tell(heard.hear, this.#current)
    }
  }
}
