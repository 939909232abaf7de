// Registrar: announces instances of this process to a registry, and keeps them announced for as long as they are there.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { errorOf } from '../core/error-of.ts'
import { tell } from '../core/tell.ts'
import { within } from '../core/within.ts'
import { type BackoffOptions, backoff } from '../primitives/backoff.ts'
import { checkNumber } from '../primitives/check.ts'
import type { Announce, Announcement } from './announcement.ts'
import { checkInstance, type Instance } from './instance.ts'
import { Leaving } from './leaving.ts'

export type { BackoffOptions } from '../primitives/backoff.ts'
export type { Announce, Announcement } from './announcement.ts'
export type { Instance } from './instance.ts'

/** Announces instances to one registry. Disposing it takes all of them back. */
export interface Registrar extends AsyncDisposable {
  /** Which registry: `consul at http://127.0.0.1:8500`. */
  readonly name: string
  /** Begins to announce an instance of a service, and goes on until the registration is closed; `events` hear of it too. Throws a TypeError or RangeError for an instance that makes no sense, and an Error once it was disposed. */
  register(service: string, instance: Instance, events?: RegistrationEvents): Registration
}

/** One instance that is announced. Disposing it closes it. */
export interface Registration extends AsyncDisposable {
  readonly service: string
  readonly instance: Instance
  /** `pending` until the registry has it, `registered` while it has, `failing` while it cannot be told, `closed` in the end. */
  readonly state: 'pending' | 'registered' | 'failing' | 'closed'
  /** What the registry fails with; undefined while it works. */
  readonly error: Error | undefined
  /** Resolves when the registry has it for the first time; rejects when it is closed before. */
  readonly registered: Promise<void>
  /** Takes it back, once a request that is under way has ended. Rejects when the registry cannot be told within `timeoutMs`; it forgets the instance by itself then, after a while. */
  close(): Promise<void>
}

/** What is told of registrations. */
export interface RegistrationEvents {
  /** Told of each failure of the registry. @default nothing */
  readonly onError?: ((event: RegistrarErrorEvent) => void) | undefined
  /** Told of each change of a registration's state. @default nothing */
  readonly onChange?: ((event: RegistrationChangeEvent) => void) | undefined
}

/** What all registrars can be told. */
export interface RegistrarOptions extends RegistrationEvents {
  /** How long one request to the registry may take, in milliseconds; at least 1. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** How long to wait before a registry that failed is told again. @default { initialMs: 1_000, multiplier: 1.6, maxMs: 30_000, jitter: 0.2 } */
  readonly backoff?: BackoffOptions | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** A registry could not be told. */
export interface RegistrarErrorEvent {
  /** Which registry. */
  readonly name: string
  readonly service: string
  readonly instance: Instance
  readonly during: 'register' | 'renew' | 'deregister'
  readonly error: Error
}

/** A registration is in another state. */
export interface RegistrationChangeEvent {
  readonly name: string
  readonly registration: Registration
}

/** Makes a registrar of the requests of one registry. It owns all that is not about that: renewing, doing it again, back-off, and the end. */
export function registrarFrom(name: string, announce: Announce, options: RegistrarOptions = {}): Registrar {
  return new KeepingRegistrar(name, announce, options)
}

// What holds for this long was no accident.
const steadyMs = 1_000

class KeepingRegistrar implements Registrar {
  readonly name: string
  readonly #keeping: Keeping
  readonly #open = new Set<KeptRegistration>()
  #isClosed = false

  constructor(name: string, announce: Announce, options: RegistrarOptions) {
    this.name = name
    this.#keeping = {
      name,
      announce,
      clock: options.clock ?? systemClock,
      timeoutMs: checkNumber('timeoutMs', options.timeoutMs ?? 5_000, { min: 1, max: 2 ** 31 - 1 }),
      delayMs: backoff({ maxMs: 30_000, ...options.backoff }),
      onError: options.onError,
      onChange: options.onChange,
      leaving: new Leaving(),
    }
  }

  register(service: string, instance: Instance, events?: RegistrationEvents): Registration {
    if (this.#isClosed) throw new Error(`the registrar of ${this.name} was closed`)
    if (typeof service !== 'string' || service === '') throw new TypeError('service must be a text')
    const onClosed = () => this.#open.delete(registration)
    const registration = new KeptRegistration(service, checkInstance(instance), this.#keeping, events, onClosed)
    this.#open.add(registration)
    return registration
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const ends = await Promise.allSettled(Array.from(this.#open, (registration) => registration.close()))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

/** What all registrations of a registrar have in common. */
interface Keeping extends RegistrationEvents {
  readonly name: string
  readonly announce: Announce
  readonly clock: Clock
  readonly timeoutMs: number
  readonly delayMs: (attempt: number) => number
  readonly leaving: Leaving
}

class KeptRegistration implements Registration {
  readonly service: string
  readonly instance: Instance
  readonly #keeping: Keeping
  readonly #events: RegistrationEvents | undefined
  readonly #onClosed: () => void
  readonly #stopping = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  readonly #running: Promise<void>
  #wake: (() => void) | undefined
  #state: Registration['state'] = 'pending'
  #error: Error | undefined
  /** The last one: it is taken back even while the registry does not seem to have it. One that failed may be nothing but its end. */
  #announcement: Announcement | undefined
  #isAnnounced = false
  #closing: Promise<void> | undefined

  constructor(
    service: string,
    instance: Instance,
    keeping: Keeping,
    events: RegistrationEvents | undefined,
    onClosed: () => void,
  ) {
    this.service = service
    this.instance = instance
    this.#keeping = keeping
    this.#events = events
    this.#onClosed = onClosed
    // Nobody may be waiting for it.
    this.#first.promise.catch(() => {})
    // What takes an earlier one back must not come behind what announces this one.
    const earlier = keeping.leaving.end(service, instance.id)
    const keep = () => this.#keep(this.#stopping.signal)
    this.#running = earlier === undefined ? keep() : earlier.then(keep)
  }

  get state(): Registration['state'] {
    return this.#state
  }

  get error(): Error | undefined {
    return this.#error
  }

  get registered(): Promise<void> {
    return this.#first.promise
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#close()
      this.#keeping.leaving.begin(this.service, this.instance.id, this.#closing)
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, delayMs } = this.#keeping
    let failures = 0
    let heldSince = Infinity
    while (!signal.aborted) {
      const during = this.#isAnnounced ? 'renew' : 'register'
      try {
        if (this.#isAnnounced) await this.#ask(during, (each) => this.#announcement?.renew?.(each) ?? Promise.resolve())
        else {
          await this.#announce()
          heldSince = clock.now()
        }
        this.#become('registered')
        if (this.#isAnnounced) await this.#rest(this.#announcement?.renewEveryMs ?? Infinity)
        if (!this.#isAnnounced) throw new Error(`${this.#keeping.name} has lost ${this.instance.id}`)
        failures = 0
      } catch (thrown) {
        if (signal.aborted) return
        this.#isAnnounced = false
        this.#fail(during, thrown)
        // What held for a while is announced again at once; a registry that takes it and loses it is not asked again and again.
        const heldMs = clock.now() - heldSince
        heldSince = Infinity
        if (heldMs < steadyMs) await this.#rest(delayMs(failures++))
      }
    }
  }

  async #announce(): Promise<void> {
    const { announce } = this.#keeping
    const mayBeThere = (withdraw: Announcement['withdraw']) => {
      this.#announcement ??= { withdraw }
    }
    const ask = (signal: AbortSignal) => announce(this.service, this.instance, signal, mayBeThere)
    const announcement = await this.#ask('register', ask)
    this.#announcement = announcement
    this.#isAnnounced = true
    const lose = () => {
      if (this.#announcement !== announcement || !this.#isAnnounced) return
      this.#isAnnounced = false
      this.#wake?.()
    }
    // Once, and not with each renewal: a promise keeps all who wait for it.
    announcement.lost?.then(lose, lose)
  }

  /** One request, which ends in time whatever the adapter does. */
  async #ask<T>(during: RegistrarErrorEvent['during'], request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timeoutMs: limitMs, name } = this.#keeping
    const late = () => new Error(`${name} did not answer within ${formatDuration(limitMs)} (${during})`)
    const limit = new AbortController()
    try {
      return await within(request(limit.signal), { clock, limitMs, late, background: true })
    } finally {
      limit.abort(new Error('the request is over'))
    }
  }

  /** Until the time is over, it is closed, or what was announced is lost. */
  async #rest(delayMs: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = this.#keeping.clock.schedule(delayMs, over.resolve, { background: true })
    this.#wake = over.resolve
    if (this.#stopping.signal.aborted) this.#wake()
    await over.promise
    timer.cancel()
    this.#wake = undefined
  }

  async #close(): Promise<void> {
    this.#stopping.abort(new Error('the registration was closed'))
    this.#wake?.()
    await this.#running
    try {
      const announcement = this.#announcement
      if (announcement !== undefined) await this.#ask('deregister', (each) => announcement.withdraw(each))
    } catch (thrown) {
      this.#tellError('deregister', errorOf(thrown))
      throw thrown
    } finally {
      this.#become('closed')
      this.#onClosed()
    }
  }

  #fail(during: RegistrarErrorEvent['during'], thrown: unknown): void {
    const error = errorOf(thrown)
    this.#error = error
    this.#tellError(during, error)
    this.#become(this.#state === 'pending' ? 'pending' : 'failing')
  }

  #tellError(during: RegistrarErrorEvent['during'], error: Error): void {
    const { name, onError } = this.#keeping
    const event: RegistrarErrorEvent = { name, service: this.service, instance: this.instance, during, error }
    tell(onError, event)
    tell(this.#events?.onError, event)
  }

  #become(state: Registration['state']): void {
    if (state === 'registered') {
      this.#error = undefined
      this.#first.resolve()
    }
    if (state === 'closed') this.#first.reject(new Error('the registration was closed before the registry had it'))
    if (this.#state === state) return
    this.#state = state
    const event: RegistrationChangeEvent = { name: this.#keeping.name, registration: this }
    tell(this.#keeping.onChange, event)
    tell(this.#events?.onChange, event)
  }
}
