// JobQueue: has each call wait for its turn in a limiter of Bottleneck, where a job stands for it.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { tell } from '../../core/tell.ts'
import { checkNumber } from '../../primitives/check.ts'
import { callWeight } from '../call-weight.ts'
import { holdPlace } from '../hold-place.ts'
import { untilOver } from '../until-over.ts'
import { bottleneckError } from './bottleneck-error.ts'
import type { BottleneckLimiter, BottleneckOptions, BottleneckSnapshot } from './bottleneck-options.ts'

/** One limiter for all, or one for each call. */
export type LimiterOf = BottleneckLimiter | ((request: unknown, ctx: Context) => BottleneckLimiter)

/** A call is in it until its turn has come, and then counts as in flight. */
export class JobQueue {
  readonly #limiter: LimiterOf
  readonly #options: BottleneckOptions
  #waiting = 0
  #inFlight = 0
  #allowed = 0
  #refused = 0
  #left = 0

  constructor(limiter: LimiterOf, options: BottleneckOptions) {
    this.#limiter = limiter
    this.#options = options
  }

  /** Runs a call when its turn has come. */
  async call<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    const limiter = typeof this.#limiter === 'function' ? this.#limiter(request, ctx) : this.#limiter
    const weight = checkNumber('weight', callWeight(this.#options.weight, request, ctx), { min: 0, integer: true })
    const priority = checkNumber('priority', this.#options.priority?.(request, ctx) ?? 5, { min: 0, max: 9 })
    const turn = Promise.withResolvers<void>()
    // The job is the place of the call, and lasts as long.
    const place = Promise.withResolvers<void>()
    const job = () => {
      turn.resolve()
      return place.promise
    }
    this.#waiting++
    try {
      await untilOver(ctx, () => {
        limiter.schedule({ priority, weight }, job).catch(turn.reject)
        return turn.promise
      })
    } catch (thrown) {
      place.resolve()
      if (ctx.aborted) {
        this.#left++
        throw ServiceError.fromAbort(ctx.cause)
      }
      throw this.#refuse(ctx, thrown)
    } finally {
      this.#waiting--
    }
    this.#allowed++
    this.#inFlight++
    const run = holdPlace(() => {
      this.#inFlight--
      place.resolve()
    })
    return run(next, request, ctx)
  }

  /** What was done. */
  snapshot(): BottleneckSnapshot {
    const [waiting, inFlight, allowed] = [this.#waiting, this.#inFlight, this.#allowed]
    return { waiting, inFlight, allowed, refused: this.#refused, left: this.#left }
  }

  #refuse(ctx: Context, thrown: unknown): ServiceError {
    this.#refused++
    const error = bottleneckError(thrown)
    tell(this.#options.onRefused, { policy: 'rate_limit', ctx, error })
    return error
  }
}
