// An endpoint that plays a table of outcomes and delays: the far end of a call, for tests of what stands before it.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { checkNumber } from '../primitives/check.ts'

/** What one call does: it waits, then throws or gives a response. */
export interface ScriptedStep<Res> {
  /** How long it takes, in milliseconds of the context's clock. @default 0 */
  readonly delayMs?: number | undefined
  /** The response. */
  readonly response?: Res | undefined
  /** What it throws in place of a response. */
  readonly error?: unknown
  /** Never answers, and heeds no cancellation. @default false */
  readonly hangs?: boolean | undefined
  /** Goes on until its delay has passed although the call was called off. @default false */
  readonly ignoresAbort?: boolean | undefined
}

/** A call that came. */
export interface ScriptedCall<Req> {
  readonly request: Req
  readonly ctx: Context
  /** A moment of the context's clock. */
  readonly at: number
}

/** An endpoint with a script, and what happened to it. */
export interface ScriptedEndpoint<Req, Res> extends Endpoint<Req, Res> {
  /** The calls that came, the first one first. */
  readonly calls: readonly ScriptedCall<Req>[]
  /** How many are being answered. */
  readonly inFlight: number
}

/**
 * Makes an endpoint whose first call does the first step, and so on; the last step is repeated. A delay ends early, with the
 * cause of the abort, when the call is called off. Throws a TypeError for an empty script, a RangeError for a bad delay.
 */
export function scriptedEndpoint<Req, Res>(steps: readonly ScriptedStep<Res>[]): ScriptedEndpoint<Req, Res> {
  const last = steps.at(-1)
  if (last === undefined) throw new TypeError('a script must have at least one step')
  for (const { delayMs = 0 } of steps) checkNumber('delayMs', delayMs, { min: 0 })
  const calls: ScriptedCall<Req>[] = []
  let inFlight = 0
  const play = async (request: Req, ctx: Context): Promise<Res> => {
    const step = steps[calls.length] ?? last
    calls.push({ request, ctx, at: ctx.clock.now() })
    inFlight++
    try {
      if (step.hangs) await new Promise<never>(() => {})
      if (step.delayMs) await ctx.clock.sleep(step.delayMs, step.ignoresAbort ? undefined : ctx)
      if ('error' in step) throw step.error
      return step.response as Res
    } finally {
      inFlight--
    }
  }
  return Object.defineProperties(play, {
    calls: { value: calls },
    inFlight: { get: () => inFlight },
  }) as ScriptedEndpoint<Req, Res>
}
