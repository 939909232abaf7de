// asCockatiel: a middleware of ours as a policy of the package `cockatiel`.
import { type Context, rootContext } from '../../core/context.ts'
import type { Middleware } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { tell } from '../../core/tell.ts'

/** What the function that is executed gets. */
export interface GivenContext {
  /** Aborted when the caller's is, and when the middleware gives up. */
  readonly signal: AbortSignal
  /** For what it calls: the deadline, say, that a timeout has set. */
  readonly ctx: Context
}

/** How cockatiel lets others listen. */
export type CockatielEvent<T> = (listener: (event: T) => void) => { dispose(): void }

/** Something was executed well, in so many milliseconds. The name is cockatiel's. */
export type ExecutedEvent = Readonly<Record<'duration', number>>

/** Something was executed, and failed. */
export interface ExecutionFailedEvent extends ExecutedEvent {
  /** Whether the error is one of the middleware, and not of the function. */
  readonly handled: boolean
  readonly reason: { readonly error: unknown }
}

/** Fits where cockatiel 3 and 4 take an `IPolicy`. */
export interface AsCockatiel {
  /** Only for cockatiel's types: there is none. */
  readonly _altReturn: never
  readonly onSuccess: CockatielEvent<ExecutedEvent>
  readonly onFailure: CockatielEvent<ExecutionFailedEvent>
  /** Runs the function in the middleware, which may refuse it, call it off or run it again. */
  execute<T>(run: (context: GivenContext) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T>
}

/** Where executions begin. */
export interface AsCockatielOptions {
  /** The context of each: a method that is idempotent, say, for a retry. @default rootContext() */
  readonly ctx?: (() => Context) | undefined
}

/** Makes a policy for `wrap(…)` of one of ours, or of any other middleware. It holds nothing; its state is that of the middleware. */
export function asCockatiel(layer: Middleware, { ctx: begin = rootContext }: AsCockatielOptions = {}): AsCockatiel {
  const success = new Listeners<ExecutedEvent>()
  const failure = new Listeners<ExecutionFailedEvent>()
  return {
    // A member that exists in types alone.
    _altReturn: undefined as never,
    onSuccess: success.add,
    onFailure: failure.add,
    async execute(run, signal) {
      const own = begin().withCancel()
      const startedAt = own.clock.now()
      const callOff = () => own.cancel(ServiceError.fromAbort(signal?.reason))
      if (signal?.aborted) callOff()
      else signal?.addEventListener('abort', callOff, { once: true })
      let thrownInside: unknown
      const endpoint = layer(async (_: undefined, ctx: Context) => {
        if (ctx.aborted) throw ServiceError.fromAbort(ctx.cause)
        try {
          return await run({ signal: ctx.signal, ctx })
        } catch (thrown) {
          thrownInside = thrown
          throw thrown
        }
      })
      try {
        const value = await endpoint(undefined, own)
        success.tell({ duration: own.clock.now() - startedAt })
        return value
      } catch (error) {
        failure.tell({ duration: own.clock.now() - startedAt, handled: error !== thrownInside, reason: { error } })
        throw error
      } finally {
        signal?.removeEventListener('abort', callOff)
        own[Symbol.dispose]()
      }
    },
  }
}

class Listeners<T> {
  readonly #all = new Set<(event: T) => void>()

  readonly add: CockatielEvent<T> = (listener) => {
    const own = (event: T) => listener(event)
    this.#all.add(own)
    return { dispose: () => void this.#all.delete(own) }
  }

  tell(event: T): void {
    for (const listener of this.#all) tell(listener, event)
  }
}
