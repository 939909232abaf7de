// What goes along with a call: its method, its deadline, its cancellation and the values bound to it.
import { checkNumber } from '../primitives/check.ts'
import { Cancellation, type Listener } from './cancellation.ts'
import { type Abortable, type Clock, systemClock } from './clock.ts'
import type { ContextKey, Values } from './context-key.ts'
import { ServiceError } from './errors.ts'
import { type Inbound, inbound, passedOn } from './inbound.ts'
import { headerNames, mergeBaggage } from './metadata.ts'
import { type MethodInfo, noMethod } from './method.ts'

/** Immutable: what derives a context leaves this one as it is. Whoever derives one with a time limit or a cancel disposes it. */
export interface Context extends Abortable, Values {
  /** The method being served or called. */
  readonly method: MethodInfo
  readonly clock: Clock
  /** The moment of `clock.now()` after which the answer is worthless; Infinity for none. */
  readonly deadlineAt: number
  /** Whether the work was called off or its deadline has passed. Makes no signal and sets no timer. */
  readonly aborted: boolean
  /** Why it was aborted: a ServiceError `deadline_exceeded`, or what `cancel` was given. */
  readonly cause: unknown
  /** For APIs of the platform; made when first read. Prefer `onAbort`, which costs a tenth. */
  readonly signal: AbortSignal
  /** Milliseconds until the deadline: Infinity for none, never below 0. */
  remainingMs(): number
  /** Calls the listener once when this is aborted; at once when it already is. Dispose what it returns when done. */
  onAbort(listener: (cause: unknown) => void): Disposable
  /** The nearest value of the key, what the caller sent for it, or the key's fallback. */
  get<T>(key: ContextKey<T>): T
  /** Returns a child that has this value. */
  with<T>(key: ContextKey<T>, value: T): Context
  /** Returns a child whose deadline is that far away, never later than this one's. Disposing it releases its timer and listeners; it never aborts. */
  withTimeout(timeoutMs: number): Context & Disposable
  /** As `withTimeout`, for those who hold a moment of `clock.now()`. */
  withDeadline(deadlineAt: number): Context & Disposable
  /** Returns a child that can be called off by hand. Disposing it releases its listeners; it never aborts. */
  withCancel(): CancelableContext
}

/** A context that can be called off by whoever made it. */
export interface CancelableContext extends Context, Disposable {
  /** Aborts this context and all that derive from it. @default cause: a ServiceError `canceled` */
  cancel(cause?: unknown): void
}

/** Where a line of work begins. */
export interface RootContextOptions {
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** A moment of `clock.now()`. @default Infinity */
  readonly deadlineAt?: number | undefined
  /** @default a method without a name */
  readonly method?: MethodInfo | undefined
}

/** The beginning of a line of work: what servers, clients without a caller, and tests start from. */
export function rootContext(options?: RootContextOptions): CancelableContext {
  const clock = options?.clock ?? systemClock
  const deadlineAt = checkMoment(options?.deadlineAt ?? Infinity)
  return new ContextNode(
    options?.method ?? noMethod,
    new Cancellation(clock, deadlineAt, undefined),
    'point',
    undefined,
  )
}

/**
 * The context of one call to another service: it keeps deadline, cancellation and values, but not those of scope `hop`,
 * so that a proxy's first call is not announced as the second attempt of its caller.
 */
export function callContext(parent: Context, method: MethodInfo, deadlineAt: number): CancelableContext {
  return (parent as ContextNode).derive(method, deadlineAt, 'exit')
}

/** The context of a call that a server has begun to serve; it also ends with `parent`, which is the server's own. */
export function servedContext(
  parent: Context,
  method: MethodInfo,
  deadlineAt: number,
  call: Inbound,
): CancelableContext {
  return (parent as ContextNode).derive(method, deadlineAt, 'point', inbound as ContextKey<unknown>, call)
}

/**
 * The context of work that belongs to no single caller, because several wait for it or nobody does: it has the method and the
 * values of `parent`, but not those of scope `hop`, and neither its deadline nor its cancellation.
 */
export function detachedContext(parent: Context, deadlineAt: number): CancelableContext {
  const point = new Cancellation(parent.clock, checkMoment(deadlineAt), undefined)
  return new ContextNode(parent.method, point, 'exit', parent as ContextNode)
}

/** Whether a value is a context of this copy of the package: nobody else can make one that works. */
export function isContext(value: unknown): value is Context {
  return value instanceof ContextNode
}

/** As `ctx.onAbort`, without an object for it. */
export function listen(ctx: Context, listener: Listener): void {
  ;(ctx as ContextNode).point.listen(listener)
}

/** The values of scope `wire` and those bound for this hop, as headers, with what the served call brought; undefined when there are none. */
export function carriedHeaders(ctx: Context): Map<string, string> | undefined {
  return (ctx as ContextNode).carried()
}

const none: unknown[] = []

/** What a link of the chain is: a value, a point of cancellation, or the point where a call leaves for another service or its caller. */
type Link = 'value' | 'point' | 'exit'

/** A link in a chain that `get` walks from the nearest to the root. Only the members of Context are for others to see. */
class ContextNode implements CancelableContext {
  readonly method: MethodInfo
  readonly point: Cancellation
  readonly #link: Link
  readonly #up: ContextNode | undefined
  readonly #key: ContextKey<unknown> | undefined
  readonly #value: unknown

  constructor(
    method: MethodInfo,
    point: Cancellation,
    link: Link,
    up: ContextNode | undefined,
    key?: ContextKey<unknown>,
    value?: unknown,
  ) {
    this.method = method
    this.point = point
    this.#link = link
    this.#up = up
    this.#key = key
    this.#value = value
  }

  get clock(): Clock {
    return this.point.clock
  }

  get deadlineAt(): number {
    return this.point.deadlineAt
  }

  get aborted(): boolean {
    return this.point.aborted
  }

  get cause(): unknown {
    return this.point.cause
  }

  get signal(): AbortSignal {
    return this.point.signal
  }

  remainingMs(): number {
    return this.deadlineAt === Infinity ? Infinity : Math.max(0, this.deadlineAt - this.clock.now())
  }

  onAbort(listener: (cause: unknown) => void): Disposable {
    return this.point.onAbort(listener)
  }

  get<T>(key: ContextKey<T>): T {
    for (let node: ContextNode | undefined = this; node !== undefined; node = node.#up) {
      const bound: unknown = node.#key
      if (bound === key) return node.#value as T
      if (bound === inbound && key.wire !== undefined) {
        const sent = key.wire.read(node.#value as Inbound)
        if (sent !== undefined) return sent
      }
      if (node.#link === 'exit' && key.scope === 'hop') break
    }
    return key.fallback
  }

  with<T>(key: ContextKey<T>, value: T): Context {
    return new ContextNode(this.method, this.point, 'value', this, key as ContextKey<unknown>, value)
  }

  withTimeout(timeoutMs: number): Context & Disposable {
    return this.derive(this.method, this.clock.now() + checkNumber('timeoutMs', timeoutMs, { min: 0 }), 'point')
  }

  withDeadline(deadlineAt: number): Context & Disposable {
    return this.derive(this.method, checkMoment(deadlineAt), 'point')
  }

  withCancel(): CancelableContext {
    return this.derive(this.method, Infinity, 'point')
  }

  derive(
    method: MethodInfo,
    deadlineAt: number,
    link: Link,
    key?: ContextKey<unknown>,
    value?: unknown,
  ): CancelableContext {
    const above = this.point
    const earlier = Math.min(deadlineAt, above.deadlineAt)
    return new ContextNode(method, new Cancellation(above.clock, earlier, above), link, this, key, value)
  }

  carried(): Map<string, string> | undefined {
    let headers: Map<string, string> | undefined
    let written: unknown[] = none
    let served: Inbound | undefined
    let left = false
    for (let node: ContextNode | undefined = this; node !== undefined; node = node.#up) {
      const key = node.#key
      if (key === (inbound as unknown)) served ??= node.#value as Inbound
      if (key?.wire !== undefined && !(left && key.scope === 'hop') && !written.includes(key)) {
        // What the caller sent is nearer than what is bound above the served call, and is passed on below.
        if (served === undefined || key.wire.read(served) === undefined) {
          written = [...written, key]
          headers ??= new Map()
          key.wire.write(node.#value, headers)
        }
      }
      left ||= node.#link === 'exit'
    }
    if (served === undefined) return headers
    headers ??= new Map()
    for (const key of passedOn) {
      const sent = written.includes(key) ? undefined : key.wire?.read(served)
      if (sent !== undefined) key.wire?.write(sent, headers)
    }
    mergeBaggage(headers, served.headers.get(headerNames.baggage))
    return headers
  }

  cancel(cause?: unknown): void {
    if (this.#link !== 'value') this.point.abort(cause ?? new ServiceError('canceled', 'the call was canceled'))
  }

  [Symbol.dispose](): void {
    if (this.#link !== 'value') this.point.release()
  }
}

function checkMoment(deadlineAt: number): number {
  if (typeof deadlineAt === 'number' && !Number.isNaN(deadlineAt)) return deadlineAt
  throw new TypeError(`deadlineAt must be a moment of clock.now(), but is ${String(deadlineAt)}`)
}
