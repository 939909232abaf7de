// One instance of a simulated server: the real serving side with its slots, and everything that can befall a process.
import type { Clock } from '../../core/clock.ts'
import type { Code } from '../../core/codes.ts'
import type { Context } from '../../core/context.ts'
import type { Contract } from '../../core/contract.ts'
import { chain, type Endpoint, type Middleware } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import { refusal } from '../../resilience/refusal.ts'
import { Dispatcher, type InboundCall, mounted, type ServedCall } from '../../transport/dispatch.ts'
import type { CallFailed } from '../../transport/hooks.ts'
import { Bag, type Placed } from './bag.ts'
import type { Distribution } from './distribution.ts'
import type { Ending, ServerTally } from './server-tally.ts'
import { type Abandons, Station } from './station.ts'

/** An instance as a scenario and its policies see it. */
export interface SimulatedInstance {
  /** The server's name and the number of the instance, from 0: `leaf/0`. */
  readonly id: string
  readonly state: 'up' | 'paused' | 'down'
  /** How many slots are in use. */
  readonly busy: number
  /** How many calls wait for a slot. */
  readonly waiting: number
  /** The process dies: calls in flight break, and new ones are refused at once. */
  kill(): void
  /** A new process takes its place, with middlewares of its own where `use` is a function; what was set with `slow` and `fail` stays. */
  restart(): void
  /** The process stands still, as in a long collection of garbage: it takes calls in and answers none. */
  pause(): void
  /** Goes on where it was paused, with all that came meanwhile. */
  resume(): void
  /** Work that begins from now on takes that many times as long. */
  slow(factor: number): void
  /** A share of calls fails, from 0 to 1, after its service time. @default code: the server's `errorCode` */
  fail(ratio: number, code?: Code): void
  /** As it was in the beginning: up, and neither slow nor failing more than others. */
  heal(): void
}

/** Middlewares for all instances, or a function that makes those of one: a limit has a state, which belongs to a process. */
export type ServerUse = readonly Middleware[] | ((instance: SimulatedInstance) => readonly Middleware[])

/** What an instance is told by its server. */
export interface InstanceOptions {
  readonly index: number
  readonly contract: Contract
  readonly clock: Clock
  readonly tally: ServerTally
  readonly slots: number
  readonly queue: number
  readonly abandons: Abandons
  readonly serviceMs: Distribution
  readonly networkMs: Distribution | undefined
  readonly errorRatio: number
  readonly errorCode: Code
  readonly trustMetadata: boolean
  readonly use: ServerUse
  readonly handle: ((request: unknown, ctx: Context) => unknown) | undefined
  readonly onError: (event: CallFailed) => void
  random(name: string): Random
}

/** A call on the wire, as the instance that it was sent to sees it. */
export interface Arrival extends InboundCall, Placed {
  /** The call while it is served. */
  served: ServedCall | undefined
  /** Lets the reply leave. */
  send(): void
  /** The connection broke. */
  lose(): void
}

/** The name of the one method that simulated servers have. */
export const methodName = 'call'

/** One process at a time. */
export class Instance implements SimulatedInstance {
  readonly id: string
  readonly clock: Clock
  /** Whether callers tell when they call off a call, and when it is worth nothing any more. */
  readonly hearsCallers: boolean
  readonly #options: InstanceOptions
  readonly #serviceRandom: Random
  readonly #errorRandom: Random
  readonly #networkRandom: Random
  /** Calls that arrived and whose end has not left. */
  readonly #open = new Bag<Arrival>()
  /** Came while the process stood still. */
  readonly #unread = new Set<Arrival>()
  /** Were to leave while it stood still. */
  #unsent: (readonly [call: Arrival, ending: Ending])[] = []
  #state: SimulatedInstance['state'] = 'up'
  #factor = 1
  #errorRatio: number
  #error: ServiceError
  #station: Station
  #dispatcher: Dispatcher

  constructor(options: InstanceOptions) {
    const { contract, index, clock, abandons, errorRatio, errorCode } = options
    this.id = `${contract.name}/${index}`
    this.clock = clock
    this.hearsCallers = abandons !== 'none'
    this.#options = options
    this.#serviceRandom = options.random(this.id)
    this.#errorRandom = options.random(`${this.id} errors`)
    this.#networkRandom = options.random(`${this.id} network`)
    this.#errorRatio = errorRatio
    this.#error = failing(errorCode)
    this.#station = this.#newStation()
    this.#dispatcher = this.#newDispatcher()
  }

  get state(): SimulatedInstance['state'] {
    return this.#state
  }

  get busy(): number {
    return this.#station.busy
  }

  get waiting(): number {
    return this.#station.waiting
  }

  kill(): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    const broken = this.#open.members
    for (const call of broken) this.#open.remove(call)
    this.#unread.clear()
    this.#unsent = []
    for (const call of broken) {
      this.#options.tally.end('failed', this.clock.now())
      call.lose()
      call.served?.cancel()
    }
    this.#station.clear()
  }

  restart(): void {
    this.kill()
    this.#state = 'up'
    this.#station = this.#newStation()
    this.#dispatcher = this.#newDispatcher()
  }

  pause(): void {
    if (this.#state !== 'up') return
    this.#state = 'paused'
    this.#station.pause()
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'up'
    this.#station.resume()
    const unsent = this.#unsent
    this.#unsent = []
    for (const [call, ending] of unsent) this.reply(call, ending)
    const unread = [...this.#unread]
    this.#unread.clear()
    for (const call of unread) this.#read(call)
  }

  slow(factor: number): void {
    this.#factor = checkNumber('factor', factor, { min: 0, max: Number.MAX_SAFE_INTEGER })
  }

  fail(ratio: number, code?: Code): void {
    this.#errorRatio = checkNumber('ratio', ratio, { min: 0, max: 1 })
    this.#error = failing(code ?? this.#options.errorCode)
  }

  heal(): void {
    this.slow(1)
    this.fail(this.#options.errorRatio)
    this.resume()
    if (this.#state === 'down') this.restart()
  }

  /** How long the next message travels, in milliseconds. */
  travelMs(): number {
    return this.#options.networkMs?.(this.#networkRandom) ?? 0
  }

  /** A call has arrived. */
  accept(call: Arrival): void {
    this.#options.tally.arrive(this.#options.index, this.clock.now())
    this.#open.add(call)
    if (this.#state === 'up') this.#read(call)
    else if (this.#state === 'paused') this.#unread.add(call)
    else call.refuse(refusal('unavailable', 'the connection was refused'), undefined)
  }

  /** A call has its reply. */
  reply(call: Arrival, ending: Ending): void {
    if (this.#state === 'paused') {
      this.#unsent.push([call, ending])
      return
    }
    if (!this.#open.remove(call)) return
    this.#options.tally.end(ending, this.clock.now())
    call.send()
  }

  /** The caller of a call has gone. */
  forget(call: Arrival): void {
    if (!this.#open.remove(call)) return
    this.#unread.delete(call)
    this.#options.tally.end('abandoned', this.clock.now())
    if (this.hearsCallers) call.served?.cancel()
  }

  #read(call: Arrival): void {
    call.served = this.#dispatcher.dispatch(call, this.clock.now())
  }

  #newStation(): Station {
    const { clock, tally, slots, queue, abandons, serviceMs } = this.#options
    const draw = () => serviceMs(this.#serviceRandom) * this.#factor
    return new Station({ clock, slots, queue, abandons, serviceMs: draw, levels: tally })
  }

  #newDispatcher(): Dispatcher {
    const { contract, clock, trustMetadata, use, onError } = this.#options
    const layers = typeof use === 'function' ? use(this) : use
    const endpoint = chain(...layers)(this.#worked(this.#station))
    return new Dispatcher(mounted(contract, { [methodName]: endpoint }), { clock, trustMetadata, onError })
  }

  #worked(station: Station): Endpoint<unknown, unknown> {
    const { handle } = this.#options
    return (request, ctx) =>
      station.work(ctx).then(() => {
        if (this.#errorRatio > 0 && this.#errorRandom() < this.#errorRatio) throw this.#error
        return handle?.(request, ctx)
      })
  }
}

function failing(code: Code): ServiceError {
  return new ServiceError(code, 'the instance fails, as it was told to')
}
