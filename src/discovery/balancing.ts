// Balancing: what stands between the calls of a client and the instances of a service: around each call what it has tried, around each attempt a choice.
import type { Clock } from '../core/clock.ts'
import type { Retry } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { type Endpoint, type Middleware, tap } from '../core/endpoint.ts'
import { errorOf } from '../core/error-of.ts'
import { ServiceError } from '../core/errors.ts'
import { noteRefusal } from '../core/refusals.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { withoutStack } from '../core/without-stack.ts'
import { balancingKey } from './balancing-key.ts'
import { describeSet } from './describe-set.ts'
import { Endpointer, type EndpointerOptions } from './endpointer.ts'
import type { Instance } from './instance.ts'
import { InstanceCall } from './instance-call.ts'
import { refusedTicket } from './instance-health.ts'
import type { MeasuredCandidate } from './measured-candidate.ts'

/** What becomes of a call while a service has no instance: `wait` for one, at the longest until its deadline, or `fail`. */
export type WhenEmpty = 'wait' | 'fail'

/** How calls are spread. */
export interface BalancingOptions<Target> extends EndpointerOptions<Target> {
  /**
   * What becomes of a call while the service is known to have no instance. As long as nobody has said which there are, at the start, all calls wait.
   * @default 'fail'
   */
  readonly whenEmpty?: WhenEmpty | undefined
  /** What a request belongs to, for balancers that go by it; undefined for nothing. That endpoints have such requests is the user's word. @default `balancingKey` of the context */
  readonly key?: ((request: never, ctx: Context) => string | undefined) | undefined
  /** The endpoint of a target for the method that is being called. */
  readonly endpointOf: (target: Target, ctx: Context) => Endpoint<unknown, unknown>
}

// A call that waits must still be able to say why before its deadline passes.
const saidBeforeMs = 10
// Instances that let only a few calls in are passed over, as long as there are not more of them than this.
const mostRefusals = 16
// Of a health that lets all in.
const openTicket = 0

/** Spreads calls over the instances of a service. Disposing it lets go of them. */
export class Balancing<Target> implements AsyncDisposable {
  readonly endpointer: Endpointer<Target>
  readonly #waits: boolean
  readonly #key: ((request: unknown, ctx: Context) => string | undefined) | undefined
  readonly #endpointOf: BalancingOptions<Target>['endpointOf']

  /** Throws a TypeError or RangeError for an option out of its range. */
  constructor(options: BalancingOptions<Target>) {
    const { whenEmpty = 'fail', key } = options
    if (whenEmpty !== 'wait' && whenEmpty !== 'fail')
      throw new TypeError(`whenEmpty must be 'wait' or 'fail', but is ${String(whenEmpty)}`)
    if (key !== undefined && typeof key !== 'function') throw new TypeError('key must be a function')
    this.#waits = whenEmpty === 'wait'
    this.#key = key as ((request: unknown, ctx: Context) => string | undefined) | undefined
    this.#endpointOf = options.endpointOf
    this.endpointer = new Endpointer(options)
  }

  /** Stands around each call, outside of what repeats it: all its attempts share what was tried. */
  readonly around: Middleware = (next) => (request, ctx) => {
    const tried = ctx.with(triedInstances, new TriedInstances())
    if (this.#key === undefined) return next(request, tried)
    try {
      const key = this.#key(request, ctx)
      return next(request, key === undefined ? tried : tried.with(balancingKey, checkKey(key)))
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  /** Makes one attempt, at the instance that the balancer chooses. */
  send(request: unknown, ctx: Context): Promise<unknown> {
    const candidate = this.endpointer.pick(ctx)
    if (candidate === undefined) return this.#sendLater(request, ctx)
    const now = ctx.clock.now()
    const ticket = ticketOf(candidate, now, ctx)
    if (ticket === refusedTicket) return this.#sendElsewhere(request, ctx)
    return this.#sendTo(candidate, ticket, request, ctx, now)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.endpointer[Symbol.asyncDispose]()
  }

  #sendTo(
    candidate: MeasuredCandidate<Target>,
    ticket: number | undefined,
    request: unknown,
    ctx: Context,
    now: number,
  ): Promise<unknown> {
    let endpoint: Endpoint<unknown, unknown>
    try {
      endpoint = this.#endpointOf(candidate.target, ctx)
    } catch (thrown) {
      // A failure of the instance like any other: what was never called would be the first choice again and again.
      endpoint = unusable(candidate.instance, thrown)
    }
    return tap(endpoint, new InstanceCall(this.endpointer, candidate, ticket, now))(request, ctx)
  }

  /**
   * The instance lets nobody in: its circuit is open, where all count as healthy, or it has the few calls that find out whether it is well. That its calls
   * fail, unlike much else, is no matter of doubt.
   */
  #sendElsewhere(request: unknown, given: Context): Promise<unknown> {
    const ctx = given.get(triedInstances) === undefined ? given.with(triedInstances, new TriedInstances()) : given
    const now = ctx.clock.now()
    for (let refusals = 0; refusals < mostRefusals; refusals++) {
      const candidate = this.endpointer.pick(ctx)
      if (candidate === undefined) return this.#sendLater(request, ctx)
      const ticket = ticketOf(candidate, now, ctx)
      if (ticket !== refusedTicket) return this.#sendTo(candidate, ticket, request, ctx, now)
    }
    // All that are left are like that: better one call too many than none.
    const candidate = this.endpointer.pick(ctx)
    return candidate === undefined
      ? this.#sendLater(request, ctx)
      : this.#sendTo(candidate, undefined, request, ctx, now)
  }

  async #sendLater(request: unknown, ctx: Context): Promise<unknown> {
    const { endpointer } = this
    const { length } = endpointer.admitted
    // To wait for somebody who is there would never end.
    if (length > 0) throw chosenNone(endpointer.balancer.name, length)
    if (endpointer.isSettled && !this.#waits) throw this.#nobody(ctx.clock)
    const now = ctx.clock.now()
    const leftMs = ctx.deadlineAt - now
    const saidMs = Math.min(saidBeforeMs, leftMs / 10)
    using waiting = ctx.withTimeout(Math.max(0, leftMs - saidMs))
    try {
      await endpointer.arrival(waiting, this.#waits)
    } catch (cause) {
      // There is no time left to try it again.
      throw ctx.aborted ? cause : this.#nobody(ctx.clock, 'never')
    }
    if (endpointer.admitted.length === 0) throw this.#nobody(ctx.clock)
    return await this.send(request, ctx)
  }

  #nobody(clock: Clock, retry: Retry = 'safe'): ServiceError {
    const { instancer, candidates } = this.endpointer
    const known = instancer.current.instances?.length ?? 0
    const trouble = known > candidates.length ? `; ${known - candidates.length} could not be connected` : ''
    const text = `no instance to call: ${describeSet(instancer, clock.wallNow())}${trouble}`
    const cause = instancer.current.error
    return noteRefusal(withoutStack(() => new ServiceError('unavailable', text, { retry, cause })))
  }
}

function ticketOf({ health }: MeasuredCandidate<unknown>, now: number, ctx: Context): number {
  return health?.begin?.(now, ctx) ?? openTicket
}

function unusable({ id, address }: Instance, cause: unknown): Endpoint<unknown, unknown> {
  const text = `${id} at ${address} cannot be called: ${errorOf(cause).message}`
  return () => Promise.reject(new ServiceError('unavailable', text, { retry: 'safe', cause }))
}

function checkKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw new TypeError(`key must give a text or undefined, but gave ${typeof key}`)
}

function chosenNone(balancer: string, count: number): ServiceError {
  const text = `no instance to call: ${balancer} chose none of ${count}`
  return noteRefusal(withoutStack(() => new ServiceError('unavailable', text, { retry: 'safe' })))
}
