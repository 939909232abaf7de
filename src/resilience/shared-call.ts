// SharedCall: one call that several callers wait for; what coalesce and cache have in common.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import { type CancelableContext, type Context, detachedContext, listen } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError, sharedError } from '../core/errors.ts'
import { surface } from '../core/tell.ts'
import type { CallKey } from './call-key.ts'

/** A call that may be shared. */
export interface Shareable<Req, Res> {
  readonly key: CallKey
  readonly request: Req
  readonly ctx: Context
  readonly next: Endpoint<Req, Res>
}

/** What becomes of shared calls, for those who keep answers. Only the call that is the present one of its key is told of. */
export interface SharedCallKeeper<Res> {
  /** `startedAt` is a moment of the context's clock. */
  onAnswer(key: CallKey, response: Res, ctx: Context, startedAt: number): void
  /** It failed, its deadline passed, or all its callers left. */
  onFailure(key: CallKey, thrown: unknown, ctx: Context): void
}

/** Calls in flight by key, each for all who ask for its key meanwhile. */
export class SharedCalls<Req, Res> {
  readonly #present = new Map<CallKey, SharedCall<Req, Res>>()
  readonly #keeper: SharedCallKeeper<Res> | undefined

  constructor(keeper?: SharedCallKeeper<Res>) {
    this.#keeper = keeper
  }

  /** How many calls are in flight. */
  get inFlight(): number {
    return this.#present.size
  }

  /** How many callers wait. */
  get waiting(): number {
    let waiting = 0
    for (const call of this.#present.values()) waiting += call.waiting
    return waiting
  }

  /** How many callers wait for that key. */
  waitingFor(key: CallKey): number {
    return this.#present.get(key)?.waiting ?? 0
  }

  /**
   * Waits for the call of that key, which is begun when none is in flight. Settles at the latest when `ctx` is aborted. When the
   * deadline of the call passes before the caller's own, it gets another one, unless it `takesAnyEnd`.
   */
  join(wanted: Shareable<Req, Res>, takesAnyEnd: boolean = false): Promise<Res> {
    const caller = new Caller(wanted, takesAnyEnd)
    listen(wanted.ctx, caller)
    // It may be over before it has begun; then nobody is called for it.
    if (caller.isWaiting) this.#enter(wanted.key, [caller])
    return caller.promise
  }

  /** Begins a call that nobody needs to wait for; false when one of that key is in flight. */
  refresh(wanted: Shareable<Req, Res>, deadlineAt: number): boolean {
    if (this.#present.has(wanted.key)) return false
    this.#begin(wanted, detachedContext(wanted.ctx, deadlineAt), true).run()
    return true
  }

  /** Whoever asks for that key from now on gets another call, and nobody is told of the one in flight but its callers. */
  forget(key: CallKey): void {
    this.#present.delete(key)
  }

  /** Forgets the calls of all keys. */
  clear(): void {
    this.#present.clear()
  }

  #enter(key: CallKey, callers: readonly Caller<Req, Res>[]): void {
    const present = this.#present.get(key)
    if (present !== undefined) {
      for (const caller of callers) present.add(caller)
      return
    }
    const [first] = callers as [Caller<Req, Res>]
    const deadlineAt = callers.reduce((latest, { wanted }) => Math.max(latest, wanted.ctx.deadlineAt), -Infinity)
    const call = this.#begin(first.wanted, detachedContext(first.wanted.ctx, deadlineAt), false)
    for (const caller of callers) call.add(caller)
    call.run()
  }

  #begin(wanted: Shareable<Req, Res>, ctx: CancelableContext, needsNobody: boolean): SharedCall<Req, Res> {
    const call = new SharedCall(this, wanted, ctx, needsNobody, this.#keeper === undefined ? 0 : ctx.clock.now())
    this.#present.set(wanted.key, call)
    return call
  }

  /** For the call, when it has an answer. */
  answered(call: SharedCall<Req, Res>, response: Res): void {
    const keeper = this.#take(call)
    if (keeper !== undefined) keep(() => keeper.onAnswer(call.wanted.key, response, call.ctx, call.startedAt))
  }

  /** For the call, when it has none. */
  failed(call: SharedCall<Req, Res>, thrown: unknown): void {
    const keeper = this.#take(call)
    if (keeper !== undefined) keep(() => keeper.onFailure(call.wanted.key, thrown, call.ctx))
  }

  /** For the call, when its deadline has passed, and not yet that of these. */
  leftOver(call: SharedCall<Req, Res>, callers: readonly Caller<Req, Res>[]): void {
    this.#enter(call.wanted.key, callers)
  }

  /** Whom to tell of a call that is over; nobody when another one has taken its place. */
  #take(call: SharedCall<Req, Res>): SharedCallKeeper<Res> | undefined {
    const { key } = call.wanted
    if (this.#present.get(key) !== call) return undefined
    this.#present.delete(key)
    return this.#keeper
  }
}

/** A keeper asks the functions of a program, which must not cost the callers their answer. */
function keep(run: () => void): void {
  try {
    run()
  } catch (thrown) {
    surface(thrown)
  }
}

/** One call. Its deadline is the latest of those who waited when it began: it crosses the wire then, and what has left cannot be changed. */
class SharedCall<Req, Res> implements Listener {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly wanted: Shareable<Req, Res>
  readonly ctx: CancelableContext
  readonly startedAt: number
  readonly #calls: SharedCalls<Req, Res>
  readonly #needsNobody: boolean
  readonly #callers: Caller<Req, Res>[]
  #isOpen: boolean

  constructor(
    calls: SharedCalls<Req, Res>,
    wanted: Shareable<Req, Res>,
    ctx: CancelableContext,
    needsNobody: boolean,
    startedAt: number,
  ) {
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.wanted = wanted
    this.ctx = ctx
    this.startedAt = startedAt
    this.#calls = calls
    this.#needsNobody = needsNobody
    this.#callers = []
    this.#isOpen = true
  }

  get waiting(): number {
    return this.#callers.length
  }

  add(caller: Caller<Req, Res>): void {
    caller.call = this
    caller.place = this.#callers.push(caller) - 1
  }

  run(): void {
    const { next, request } = this.wanted
    listen(this.ctx, this)
    try {
      next(request, this.ctx).then(
        (response) => this.#answer(response),
        (thrown) => this.#fail(thrown),
      )
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** A caller left by its own will or at its own deadline. */
  leave(caller: Caller<Req, Res>, cause: unknown): void {
    const callers = this.#callers
    const last = callers.pop()
    if (last !== undefined && last !== caller) {
      callers[caller.place] = last
      last.place = caller.place
    }
    if (callers.length > 0 || this.#needsNobody || !this.#close()) return
    this.#calls.failed(this, ServiceError.fromAbort(cause))
    this.ctx.cancel(cause)
  }

  /** The deadline of the call has passed. */
  fire(cause: unknown): void {
    if (!this.#close()) return
    const error = ServiceError.fromAbort(cause)
    this.#calls.failed(this, error)
    const leftOver: Caller<Req, Res>[] = []
    for (const caller of this.#callers) {
      if (!caller.takesAnyEnd && caller.wanted.ctx.deadlineAt > this.ctx.deadlineAt) leftOver.push(caller)
      else caller.reject(error)
    }
    if (leftOver.length > 0) this.#calls.leftOver(this, leftOver)
  }

  #answer(response: Res): void {
    if (!this.#close()) return
    this.ctx[Symbol.dispose]()
    this.#calls.answered(this, response)
    for (const caller of this.#callers) caller.resolve(response)
  }

  #fail(thrown: unknown): void {
    if (!this.#close()) return
    this.ctx[Symbol.dispose]()
    if (thrown instanceof ServiceError) sharedError(thrown)
    this.#calls.failed(this, thrown)
    for (const caller of this.#callers) caller.reject(thrown)
  }

  #close(): boolean {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    if (wasOpen) this.list?.remove(this)
    return wasOpen
  }
}

/** Somebody who waits for a shared call, and leaves it when its own context is aborted. */
class Caller<Req, Res> implements Listener {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly wanted: Shareable<Req, Res>
  readonly takesAnyEnd: boolean
  readonly promise: Promise<Res>
  call: SharedCall<Req, Res> | undefined
  /** Its place among the callers of the call. */
  place: number
  isWaiting: boolean
  readonly #resolve: (response: Res) => void
  readonly #reject: (thrown: unknown) => void

  constructor(wanted: Shareable<Req, Res>, takesAnyEnd: boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<Res>()
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.call = undefined
    this.place = -1
    this.isWaiting = true
    this.wanted = wanted
    this.takesAnyEnd = takesAnyEnd
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  fire(cause: unknown): void {
    this.reject(ServiceError.fromAbort(cause))
    this.call?.leave(this, cause)
  }

  resolve(response: Res): void {
    this.isWaiting = false
    this.list?.remove(this)
    this.#resolve(response)
  }

  reject(thrown: unknown): void {
    this.isWaiting = false
    this.list?.remove(this)
    this.#reject(thrown)
  }
}
