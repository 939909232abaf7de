// One attempt on the simulated wire: it travels to an instance and back, and carries what a wire carries and nothing else.
import type { Cancellation, Listener } from '../../core/cancellation.ts'
import type { Task, Timer } from '../../core/clock.ts'
import { type Context, listen } from '../../core/context.ts'
import { bodyOf, ServiceError } from '../../core/errors.ts'
import type { Metadata } from '../../core/metadata.ts'
import { withoutStack } from '../../core/without-stack.ts'
import type { ServedCall } from '../../transport/dispatch.ts'
import { outboundHeaders, outboundTimeoutMs } from '../../transport/outbound.ts'
import type { Arrival, Instance } from './instance.ts'
import { endingOf } from './server-tally.ts'

/** Sends one request and settles with what comes back, or as soon as its caller has gone. Throws when no time is left. */
export class WireCall implements Arrival, Listener, Task {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  place = -1
  served: ServedCall | undefined = undefined
  deadlineAt: number | undefined = undefined
  readonly method: string
  readonly headers: Metadata
  readonly peer = 'simulation'
  readonly #instance: Instance
  readonly #request: unknown
  readonly #timeoutMs: number | undefined
  readonly #resolve: (response: unknown) => void
  readonly #reject: (error: unknown) => void
  #timer: Timer | undefined = undefined
  #stage: 'going' | 'there' | 'coming' | 'over' = 'going'
  #response: unknown = undefined
  #error: ServiceError | undefined = undefined

  constructor(
    instance: Instance,
    request: unknown,
    ctx: Context,
    resolve: (response: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    const timeoutMs = outboundTimeoutMs(ctx, instance.clock.now())
    this.method = ctx.method.fullName
    this.headers = outboundHeaders(ctx)
    this.#instance = instance
    this.#request = request
    this.#timeoutMs = instance.hearsCallers ? timeoutMs : undefined
    this.#resolve = resolve
    this.#reject = reject
    listen(ctx, this)
    if (this.#stage === 'going') this.#travel()
  }

  /** The message has come to the other end. */
  run(): void {
    if (this.#stage === 'coming') {
      this.#settle()
      return
    }
    const now = this.#instance.clock.now()
    this.#stage = 'there'
    this.deadlineAt = this.#timeoutMs === undefined ? undefined : now + this.#timeoutMs
    this.#instance.accept(this)
  }

  /** The caller has called it off, or does not wait any longer. */
  fire(cause: unknown): void {
    const isThere = this.#stage === 'there'
    this.#error = ServiceError.fromAbort(cause)
    this.#timer?.cancel()
    this.#settle()
    if (isThere) this.#instance.forget(this)
  }

  decode(): unknown {
    return this.#request
  }

  respond(response: unknown): void {
    if (this.#stage !== 'there') return
    this.#response = response
    this.#instance.reply(this, 'answered')
  }

  refuse(error: ServiceError): void {
    if (this.#stage !== 'there') return
    this.#error = rebuilt(error)
    this.#instance.reply(this, endingOf(error))
  }

  stream(): void {
    throw new TypeError('simulated servers have no streams')
  }

  send(): void {
    this.#stage = 'coming'
    this.#travel()
  }

  lose(): void {
    this.#error = withoutStack(() => new ServiceError('unavailable', 'the connection broke'))
    this.#settle()
  }

  #travel(): void {
    const travelMs = this.#instance.travelMs()
    if (travelMs === 0) this.run()
    else this.#timer = this.#instance.clock.scheduleAt(this.#instance.clock.now() + travelMs, this)
  }

  #settle(): void {
    this.#stage = 'over'
    this.list?.remove(this)
    if (this.#error === undefined) this.#resolve(this.#response)
    else this.#reject(this.#error)
  }
}

/** An error as the other end knows it: without what stays at home. */
function rebuilt(error: ServiceError): ServiceError {
  const body = bodyOf(error)
  const carried = body.details === undefined ? body : JSON.parse(JSON.stringify(body))
  return withoutStack(() => ServiceError.fromJSON(carried))
}
