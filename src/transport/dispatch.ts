// What every server does with a call between its wire and its endpoint: find it, limit it in time, run it, count it, drain.
import { type Clock, systemClock } from '../core/clock.ts'
import { type CancelableContext, rootContext } from '../core/context.ts'
import type { Contract, Methods } from '../core/contract.ts'
import type { Endpoint } from '../core/endpoint.ts'
import type { Endpoints } from '../core/endpoints.ts'
import { ServiceError } from '../core/errors.ts'
import { checkIdleLimits, type IdleLimits } from '../core/idle.ts'
import type { MethodInfo } from '../core/method.ts'
import type { Loose } from '../core/schema.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { printFault, type ServerEvents } from './hooks.ts'
import { type CallKeeper, type InboundCall, type Mounted, ServedCall } from './served-call.ts'

export type { InboundCall, Mounted, ServedCall }

/** What every server may be told, whatever its wire. */
export interface DispatchOptions extends ServerEvents {
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** The longest that a unary call may take, whatever its caller asks for, in milliseconds; a longer `timeoutMs` of its method counts. @default 30_000 */
  readonly maxTimeoutMs?: number | undefined
  /** Whether callers belong to the house, so that the criticality they send counts. @default false */
  readonly trustMetadata?: boolean | undefined
  /** How long a stream of requests may be silent while the handler reads it. */
  readonly streamLimits?: IdleLimits | undefined
}

/** The methods of one contract, for a server that mounts several. */
export function mounted<M extends Methods>(contract: Contract<M>, served: Endpoints<Contract<M>>): readonly Mounted[] {
  const byName = served as Readonly<Record<string, Endpoint<Loose, unknown> | undefined>>
  return Object.entries<MethodInfo>(contract.info).map(([name, info]) => {
    const endpoint = byName[name]
    if (typeof endpoint !== 'function')
      throw new TypeError(
        `contract ${contract.name}: the endpoint of method ${name} is missing; make them with endpoints()`,
      )
    return { info, endpoint, routes: contract.routes[name], input: contract.methods[name]?.input }
  })
}

/** What a server is doing, as a plain snapshot. */
export interface DispatchStats {
  readonly inFlight: number
  /** Calls that were begun. */
  readonly served: number
  /** Calls that were refused before they began: an unknown method, or a server that shuts down. */
  readonly refused: number
  /** Calls whose deadline had passed before they were read. */
  readonly expired: number
  /** Replies that came after the deadline, or after the caller had gone, and were dropped. */
  readonly late: number
  readonly draining: boolean
}

/** How long a unary call takes at most when neither caller nor method says. */
const defaultTimeoutMs = 5_000

/** Runs the calls of one server. */
export class Dispatcher {
  readonly #methods: ReadonlyMap<string, Mounted>
  readonly #root: CancelableContext
  readonly #maxTimeoutMs: number
  readonly #keeper: CallKeeper
  #inFlight = 0
  #served = 0
  #expired = 0
  #refused = 0
  #late = 0
  #drained: PromiseWithResolvers<void> | undefined

  /** Throws a TypeError when two methods have the same service and name. */
  constructor(methods: readonly Mounted[], options?: DispatchOptions) {
    this.#methods = new Map(methods.map((method) => [method.info.fullName, method]))
    if (this.#methods.size < methods.length) {
      const twice = methods.find(
        ({ info }, index) => methods.findIndex((other) => other.info.fullName === info.fullName) < index,
      )
      throw new TypeError(`two mounted methods have the same service and name: ${twice?.info.fullName}`)
    }
    this.#root = rootContext({ clock: options?.clock ?? systemClock })
    this.#maxTimeoutMs = checkNumber('maxTimeoutMs', options?.maxTimeoutMs ?? 30_000, { min: 1 })
    checkIdleLimits(options?.streamLimits)
    const onError = options?.onError ?? printFault
    this.#keeper = {
      trustMetadata: options?.trustMetadata ?? false,
      streamLimits: options?.streamLimits,
      failed: (ctx, stage, error, thrown) => tell(onError, { ctx, method: ctx.method, stage, error, thrown }),
      ended: () => {
        if (--this.#inFlight === 0) this.#drained?.resolve()
      },
      late: (method) => {
        this.#late++
        tell(options?.onLateReply, { method })
      },
    }
  }

  get clock(): Clock {
    return this.#root.clock
  }

  /** Whether it takes no new calls. */
  get draining(): boolean {
    return this.#drained !== undefined
  }

  get stats(): DispatchStats {
    const { draining } = this
    return {
      inFlight: this.#inFlight,
      served: this.#served,
      refused: this.#refused,
      expired: this.#expired,
      late: this.#late,
      draining,
    }
  }

  /** Runs one call that is there at the moment `now` of the clock; undefined when it was refused at once. */
  dispatch(call: InboundCall, now: number): ServedCall | undefined {
    if (this.#drained !== undefined) return this.#refuse(call, 'unavailable', 'the server is shutting down')
    const found = this.#methods.get(call.method)
    if (found === undefined)
      return this.#refuse(call, 'unimplemented', `there is no method ${call.method.slice(0, 256)}`)
    const deadlineAt = this.#deadlineOf(call, found.info, now)
    if (deadlineAt <= now) {
      this.#expired++
      return refuse(call, 'deadline_exceeded', 'the deadline passed before the call was read')
    }
    this.#inFlight++
    this.#served++
    const served = new ServedCall(found, call, this.#root, deadlineAt, this.#keeper)
    served.run()
    return served
  }

  /** A request was refused by the wire itself, before there was a call: nothing is at its path, say. */
  countRefused(): void {
    this.#refused++
  }

  /** Refuses new calls, waits for those in flight, and calls off what is left after the limit. Resolves when nothing is in flight. */
  async drain(limitMs: number): Promise<void> {
    checkNumber('limitMs', limitMs, { min: 0 })
    if (this.#drained === undefined) {
      this.#drained = Promise.withResolvers()
      if (this.#inFlight === 0) this.#drained.resolve()
    }
    const timer = this.#root.clock.schedule(limitMs, () => {
      this.#root.cancel(new ServiceError('unavailable', 'the server shut down before the call had ended'))
    })
    await this.#drained.promise
    timer.cancel()
  }

  #refuse(call: InboundCall, code: 'unavailable' | 'unimplemented', message: string): undefined {
    this.#refused++
    return refuse(call, code, message)
  }

  #deadlineOf({ deadlineAt }: InboundCall, { kind, timeoutMs }: MethodInfo, now: number): number {
    const wanted = deadlineAt ?? now + (timeoutMs ?? (kind === 'unary' ? defaultTimeoutMs : Infinity))
    // Who wrote the contract may allow more than the server does in general.
    return kind === 'unary' ? Math.min(wanted, now + Math.max(this.#maxTimeoutMs, timeoutMs ?? 0)) : wanted
  }
}

/** Refused before it ran, so that it can be repeated elsewhere without harm. */
function refuse(
  call: InboundCall,
  code: 'unavailable' | 'unimplemented' | 'deadline_exceeded',
  message: string,
): undefined {
  call.refuse(new ServiceError(code, message, { retry: code === 'unimplemented' ? 'never' : 'safe' }), undefined)
}
