// Start in order, stop in reverse, and the first failure stops all: the life of a program made of parts.
import { checkNumber } from '../primitives/check.ts'
import { type Clock, systemClock } from './clock.ts'
import { formatDuration } from './duration.ts'
import { within } from './within.ts'

/** One part of a program. */
export interface Component {
  /** What errors call it. */
  readonly name: string
  /** Resolves when the part is ready; the next one starts then. `signal` aborts when the program stops meanwhile. */
  start?(signal: AbortSignal): Promise<void> | void
  /** Resolves when the part has let go of everything. Called once, and only after `start` has resolved. */
  stop?(): Promise<void> | void
  /** Runs from the moment the part is ready until it ends by itself, which stops the program, or until `signal` aborts. */
  run?(signal: AbortSignal): Promise<void>
}

/** How a program stops. */
export interface LifecycleOptions {
  /**
   * How long each part may take to stop, and first to become ready if it is just starting, in milliseconds; then the next
   * one is stopped without waiting for it. @default 10_000
   */
  readonly stopTimeoutMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** A program that can be started once and stopped once. Disposing it stops it. */
export interface Lifecycle extends AsyncDisposable {
  /** Starts the parts in order. When one fails, stops those that had started, in reverse, and rejects with its error. */
  start(): Promise<void>
  /** Stops the parts in reverse order. Rejects with an AggregateError when parts failed to stop or took too long; its message names them. */
  stop(): Promise<void>
  /** Resolves when everything has stopped; rejects with the error of the part that failed first. */
  readonly closed: Promise<void>
}

/** Makes one life of several. The order is that of dependence: what others need comes first. */
export function lifecycle(components: readonly Component[], options?: LifecycleOptions): Lifecycle {
  const stopTimeoutMs = checkNumber('stopTimeoutMs', options?.stopTimeoutMs ?? 10_000, { min: 0 })
  return new ComponentGroup(components, stopTimeoutMs, options?.clock ?? systemClock)
}

/** A part whose start has begun. */
interface Part {
  readonly component: Component
  /** Resolves with whether the part became ready. */
  readonly ready: PromiseWithResolvers<boolean>
  running: Promise<void> | undefined
}

class ComponentGroup implements Lifecycle {
  readonly #components: readonly Component[]
  readonly #stopTimeoutMs: number
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  readonly #end = Promise.withResolvers<void>()
  /** As `closed`, but never rejects. */
  readonly #ended: Promise<void>
  readonly #parts: Part[] = []
  #starting: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  #failure: { readonly thrown: unknown } | undefined

  constructor(components: readonly Component[], stopTimeoutMs: number, clock: Clock) {
    this.#components = components
    this.#stopTimeoutMs = stopTimeoutMs
    this.#clock = clock
    // Whoever called `start` or `stop` hears of the failure, whether or not somebody waits for `closed`.
    this.#ended = this.#end.promise.catch(() => {})
  }

  get closed(): Promise<void> {
    return this.#end.promise
  }

  start(): Promise<void> {
    this.#starting ??= this.#startAll()
    return this.#starting
  }

  stop(): Promise<void> {
    if (this.#stopped === undefined) {
      const stopped = Promise.withResolvers<void>()
      // Before any part is told, which may ask for the same again.
      this.#stopped = stopped.promise
      this.#stopAll().then(stopped.resolve, stopped.reject)
    }
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #startAll(): Promise<void> {
    const { signal } = this.#stopping
    for (const component of this.#components) {
      if (signal.aborted) break
      const part: Part = { component, ready: Promise.withResolvers(), running: undefined }
      // Before it starts: it may stop the program from within `start`, and is stopped with the others then.
      this.#parts.push(part)
      // Once all else has stopped, nobody waits any longer for a start that hangs.
      await Promise.race([this.#startPart(part), this.#ended])
    }
    if (!signal.aborted) return
    await this.stop().catch(() => {})
    throw this.#failure === undefined
      ? new Error('the program was stopped while it was starting')
      : this.#failure.thrown
  }

  async #startPart(part: Part): Promise<void> {
    try {
      await part.component.start?.(this.#stopping.signal)
      part.running = this.#run(part.component)
      part.ready.resolve(true)
    } catch (thrown) {
      part.ready.resolve(false)
      this.#fail(thrown)
    }
  }

  #run(component: Component): Promise<void> | undefined {
    const { signal } = this.#stopping
    if (component.run === undefined || signal.aborted) return undefined
    return new Promise<void>((resolve) => resolve(component.run?.(signal))).then(
      () => this.#stopQuietly(),
      (thrown) => this.#fail(thrown),
    )
  }

  /** The first failure stops all. What a part throws because it was told to stop is no failure of its own. */
  #fail(thrown: unknown): void {
    if (!this.#stopping.signal.aborted) this.#failure = { thrown }
    this.#stopQuietly()
  }

  #stopQuietly(): void {
    this.stop().catch(() => {})
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort(new Error('the program stops'))
    const failures: Error[] = []
    for (const part of this.#parts.toReversed()) {
      try {
        await this.#limited(part.component.name, this.#stopPart(part))
      } catch (thrown) {
        failures.push(thrown as Error)
      }
    }
    const complaints = failures.map(({ message }) => message).join('; ')
    const failed =
      failures.length > 0 ? new AggregateError(failures, `not all parts stopped: ${complaints}`) : undefined
    const failure = this.#failure
    if (failure !== undefined) this.#end.reject(failure.thrown)
    else if (failed !== undefined) this.#end.reject(failed)
    else this.#end.resolve()
    if (failed !== undefined) throw failed
  }

  /** A part that is just starting is waited for; one that takes too long is left behind, and is stopped if it ever becomes ready. */
  async #stopPart(part: Part): Promise<void> {
    if (await part.ready.promise) await Promise.all([part.component.stop?.(), part.running])
  }

  #limited(name: string, stopping: Promise<void>): Promise<void> {
    const limitMs = this.#stopTimeoutMs
    const stopped = stopping.catch((thrown) => {
      throw new Error(`${name} failed to stop`, { cause: thrown })
    })
    const late = () => new Error(`${name} did not stop within ${formatDuration(limitMs)}`)
    return within(stopped, { clock: this.#clock, limitMs, late })
  }
}
