// Async iterables that respect a Context: cut short by it, limited in time, mapped, watched; each closes its source.
import { checkNumber } from '../primitives/check.ts'
import type { Abortable, Clock } from './clock.ts'
import { ServiceError } from './errors.ts'
import { IdleGuard, type IdleLimits } from './idle.ts'

/** Whether a response is a stream. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/** Gives each message to `change` and passes on what it returns, in order. */
export function map<A, B>(source: AsyncIterable<A>, change: (message: A) => B | Promise<B>): AsyncIterableIterator<B> {
  const pass = (value: B): IteratorResult<B> => ({ done: false, value })
  return new Derived<A, B>(source[Symbol.asyncIterator](), ({ value }) => {
    const changed = change(value)
    return changed instanceof Promise ? changed.then(pass) : pass(changed)
  })
}

/** Passes on the first `count` messages and closes the source. */
export function take<T>(source: AsyncIterable<T>, count: number): AsyncIterableIterator<T> {
  let left = checkNumber('count', count, { min: 0, integer: true })
  const taken: Derived<T, T> = new Derived<T, T>(source[Symbol.asyncIterator](), (result) => {
    if (--left === 0) taken.close()
    return result
  })
  if (left === 0) taken.close()
  return taken
}

/**
 * Passes everything on until `ctx` is aborted or a wait for the source lasts too long. Then a pending `next` fails at
 * once, even when the source hangs, and the source is closed. All that it throws is a ServiceError.
 *
 * Fails with the ServiceError of the abort, or with `deadline_exceeded` when a limit was passed.
 */
export function bounded<T>(
  source: AsyncIterable<T>,
  ctx: Abortable & { readonly clock: Clock },
  limits?: IdleLimits,
): AsyncIterableIterator<T> {
  const idle = limits && new IdleGuard(ctx.clock, limits, (limitMs) => stream.fail(silence(limitMs)))
  const stream: Bounded<T> = new Bounded(source[Symbol.asyncIterator](), ctx, idle, true, ServiceError.from)
  return stream
}

/** As `bounded`, over a wire: nobody waits for it to close. The guard, which others watch too, is disposed when the stream ends; `failure` says what the reader is told of an error. */
export function guarded<T>(
  source: AsyncIterable<T>,
  ctx: Pick<Abortable, 'onAbort'>,
  guard: IdleGuard,
  failure: (thrown: unknown) => ServiceError,
): AsyncIterableIterator<T> {
  return new Bounded(source[Symbol.asyncIterator](), ctx, guard, false, failure)
}

/** What watches a stream. */
export interface StreamWatcher<T> {
  onMessage?: ((message: T) => void) | undefined
  /** Once, when the source has ended, has failed (with what it threw), or was left by its reader. */
  onEnd(thrown?: unknown): void
}

/** Passes everything on and tells the watcher. */
export function observed<T>(source: AsyncIterable<T>, watcher: StreamWatcher<T>): AsyncIterableIterator<T> {
  const { onMessage } = watcher
  return new Derived(
    source[Symbol.asyncIterator](),
    (result) => {
      onMessage?.(result.value)
      return result
    },
    (thrown) => watcher.onEnd(thrown),
  )
}

/** An iterator over another one: each message goes through `step`, and whatever fails closes the source. `onEnd` hears of the end once at most. */
class Derived<A, B> implements AsyncIterableIterator<B> {
  readonly #from: AsyncIterator<A>
  readonly #step: (result: IteratorYieldResult<A>) => IteratorResult<B> | Promise<IteratorResult<B>>
  #onEnd: ((thrown?: unknown) => void) | undefined
  #over = false

  constructor(
    from: AsyncIterator<A>,
    step: (result: IteratorYieldResult<A>) => IteratorResult<B> | Promise<IteratorResult<B>>,
    onEnd?: (thrown?: unknown) => void,
  ) {
    this.#from = from
    this.#step = step
    this.#onEnd = onEnd
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<B>> {
    if (this.#over) return Promise.resolve(done)
    return pull(this.#from).then(this.#onResult, this.#onThrown)
  }

  async return(): Promise<IteratorResult<B>> {
    if (!this.#over) {
      this.#end()
      await this.#from.return?.()
    }
    return done
  }

  /** Ends it with the message that is being passed on. */
  close(): void {
    this.#end()
    closeQuietly(this.#from)
  }

  readonly #onResult = (result: IteratorResult<A>): IteratorResult<B> | Promise<IteratorResult<B>> => {
    if (this.#over) return done
    if (result.done) {
      this.#end()
      return result
    }
    try {
      const stepped = this.#step(result)
      return stepped instanceof Promise ? stepped.catch(this.#refuse) : stepped
    } catch (thrown) {
      return this.#refuse(thrown)
    }
  }

  readonly #onThrown = (thrown: unknown): never => {
    this.#end(thrown === undefined ? new Error('undefined was thrown') : thrown)
    throw thrown
  }

  readonly #refuse = (thrown: unknown): never => {
    closeQuietly(this.#from)
    return this.#onThrown(thrown)
  }

  #end(thrown?: unknown): void {
    this.#over = true
    const onEnd = this.#onEnd
    this.#onEnd = undefined
    onEnd?.(thrown)
  }
}

class Bounded<T> implements AsyncIterableIterator<T> {
  readonly #from: AsyncIterator<T>
  readonly #idle: IdleGuard | undefined
  readonly #waitsForClose: boolean
  readonly #told: (thrown: unknown) => ServiceError
  /** Undefined while the constructor runs: the listener may be called before it is there. */
  readonly #aborting: Disposable | undefined
  #pending: PromiseWithResolvers<IteratorResult<T>> | undefined = undefined
  /** What the latest `next` gave, and how many wait for their turn. */
  #latest: Promise<unknown> | undefined = undefined
  #queued = 0
  #over = false
  /** What a reader still has to be told. */
  #failure: { readonly thrown: unknown } | undefined = undefined

  constructor(
    from: AsyncIterator<T>,
    ctx: Pick<Abortable, 'onAbort'>,
    idle: IdleGuard | undefined,
    waitsForClose: boolean,
    told: (thrown: unknown) => ServiceError,
  ) {
    this.#told = told
    this.#from = from
    this.#waitsForClose = waitsForClose
    this.#idle = idle
    this.#aborting = ctx.onAbort((cause) => this.fail(ServiceError.fromAbort(cause)))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T>> {
    const result = this.#pending === undefined && this.#queued === 0 ? this.#ask() : this.#queue()
    this.#latest = result
    return result
  }

  async return(): Promise<IteratorResult<T>> {
    this.#failure = undefined
    if (this.#over) return done
    const pending = this.#end()
    if (this.#waitsForClose && pending === undefined) {
      try {
        await this.#from.return?.()
      } catch (thrown) {
        throw ServiceError.from(thrown)
      }
    } else {
      // The source may hang, in what was asked of it or in closing.
      closeQuietly(this.#from)
    }
    pending?.resolve(done)
    return done
  }

  #ask(): Promise<IteratorResult<T>> {
    if (this.#over) return this.#afterEnd()
    const pending = Promise.withResolvers<IteratorResult<T>>()
    this.#pending = pending
    this.#idle?.wait()
    pull(this.#from).then(this.#onResult, this.#onThrown)
    return pending.promise
  }

  /** One at a time and in turn, as an async generator does it. */
  #queue(): Promise<IteratorResult<T>> {
    this.#queued++
    const turn = () => {
      this.#queued--
      return this.#ask()
    }
    return Promise.resolve(this.#latest).then(turn, turn)
  }

  readonly #onResult = (result: IteratorResult<T>): void => {
    if (this.#over) return
    if (typeof result !== 'object' || result === null) {
      this.fail(this.#told(new TypeError('a stream gave a result that is not an object')))
      return
    }
    const pending = this.#pending
    this.#pending = undefined
    if (result.done) this.#end()
    else this.#idle?.arrived()
    pending?.resolve(result)
  }

  readonly #onThrown = (thrown: unknown): void => {
    if (!this.#over) this.#end()?.reject(this.#told(thrown))
  }

  fail(thrown: ServiceError): void {
    if (this.#over) return
    const pending = this.#end()
    if (pending === undefined) this.#failure = { thrown }
    else pending.reject(thrown)
    closeQuietly(this.#from)
  }

  /** Lets go of all it holds, and gives what its reader waits for. */
  #end(): PromiseWithResolvers<IteratorResult<T>> | undefined {
    const pending = this.#pending
    this.#pending = undefined
    this.#over = true
    this.#aborting?.[Symbol.dispose]()
    this.#idle?.[Symbol.dispose]()
    return pending
  }

  #afterEnd(): Promise<IteratorResult<T>> {
    const failure = this.#failure
    this.#failure = undefined
    return failure === undefined ? Promise.resolve(done) : Promise.reject(failure.thrown)
  }
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** Asks for the next message. A source written by hand may answer at once, or throw: here it is as if it had promised. */
function pull<T>(source: AsyncIterator<T>): Promise<IteratorResult<T>> {
  try {
    return Promise.resolve(source.next())
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

/** What the caller is told when a peer was silent for too long. */
export function silence(limitMs: number): ServiceError {
  return new ServiceError('deadline_exceeded', `no message came within ${limitMs} ms`)
}

/** Closes a source that nobody waits for any more; it may hang or throw without harm. */
export function closeQuietly(source: AsyncIterator<unknown>): void {
  try {
    source.return?.().then(undefined, () => {})
  } catch {
    // A source that cannot even be asked to close has nothing to close.
  }
}

/** As `closeQuietly`, for a stream that nobody has begun to read. */
export function closeUnread(stream: AsyncIterable<unknown>): void {
  try {
    closeQuietly(stream[Symbol.asyncIterator]())
  } catch {
    // What cannot be read has nothing to close.
  }
}
