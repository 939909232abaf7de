// serverPipeline: what every server should have before its handlers, so that it says no in time and does well what it says yes to.
import type { Middleware } from '../core/endpoint.ts'
import { eventLoopPressure } from '../platform/event-loop.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type AdaptiveLimit, type AdaptiveLimitOptions, adaptiveLimit } from '../resilience/adaptive-limit.ts'
import { type Bulkhead, type BulkheadOptions, bulkhead, type WaitedEvent } from '../resilience/bulkhead.ts'
import { type LoadShed, type LoadShedOptions, loadShed } from '../resilience/load-shed.ts'
import { type RateLimit, type RateLimitOptions, rateLimit } from '../resilience/rate-limit.ts'
import { checkNames } from './check-names.ts'
import { made, type Part, snapshotsOf } from './part.ts'
import type { PolicyEvents } from './policy-events.ts'

export type { Part } from './part.ts'

/** What a server's pipeline is made of. Whatever is not said has its default. */
export interface ServerPipelineOptions {
  /** Which calls are refused when there are too many: the least critical first. By the delay of the event loop, unless `pressure` is given, and by the waits in the queues of bulkhead and adaptive limit. @default {} */
  readonly loadShed?: Part<LoadShedOptions, LoadShed>
  /** How many calls may begin a second. @default false */
  readonly rateLimit?: Part<RateLimitOptions, RateLimit>
  /** A limit on calls in flight that is learned from how long they take, for services whose capacity changes. @default false */
  readonly adaptiveLimit?: Part<AdaptiveLimitOptions, AdaptiveLimit>
  /** How many calls may be in flight, and wait. @default { limit: 1_000, queue: 0 } */
  readonly bulkhead?: Part<BulkheadOptions, Bulkhead>
  /** Who hears of what the parts do: `observe(…).events`. @default nobody */
  readonly events?: Partial<PolicyEvents> | undefined
  /** Where the chance of all parts comes from. @default the platform's */
  readonly random?: Random | undefined
}

/** The parts of a server's pipeline, in their order from the outside in. */
export interface ServerPolicies {
  readonly loadShed: LoadShed | undefined
  readonly rateLimit: RateLimit | undefined
  readonly adaptiveLimit: AdaptiveLimit | undefined
  readonly bulkhead: Bulkhead | undefined
}

/** A server's pipeline. Disposing it ends its measuring of the event loop. */
export interface ServerPipeline extends Disposable {
  /** For `endpoints(contract, handlers, { use })`, within what observes. */
  readonly use: readonly Middleware[]
  /** Undefined for those that are off. */
  readonly policies: ServerPolicies
  /** The state of every part that is on, as plain data. */
  snapshot(): Readonly<Record<string, unknown>>
}

/**
 * The policies of a server; `serve` has them on. From the outside in: load shedding, rate limit (off), adaptive limit (off), bulkhead. Make
 * one for each process: its limits are those of the process. Throws a TypeError or RangeError for options out of their range.
 */
export function serverPipeline(options: ServerPipelineOptions = {}): ServerPipeline {
  checkNames('serverPipeline', options, names)
  // Off unless they are asked for.
  const { rateLimit: rate = false, adaptiveLimit: learned = false } = options
  using held = new DisposableStack()
  const common = { ...options.events, random: options.random ?? systemRandom }
  const shed = made('loadShed', options.loadShed, common, (own) =>
    loadShed({ ...own, pressure: own.pressure ?? held.use(eventLoopPressure()) }),
  )
  const waits = shed && waitsTo(shed, options.bulkhead !== false && typeof options.bulkhead !== 'function')
  const policies: ServerPolicies = {
    loadShed: shed,
    rateLimit: made('rateLimit', rate, common, (own: RateLimitOptions) => rateLimit(own)),
    adaptiveLimit: made('adaptiveLimit', learned, { ...common, onWaited: waits?.outer }, (own: AdaptiveLimitOptions) =>
      adaptiveLimit(own),
    ),
    bulkhead: made('bulkhead', options.bulkhead, { ...common, onWaited: waits?.inner }, (own: BulkheadOptions) =>
      bulkhead(own),
    ),
  }
  const kept = held.move()
  return {
    use: Object.values(policies).filter((policy) => policy !== undefined),
    policies,
    snapshot: () => snapshotsOf({ ...policies }),
    [Symbol.dispose]: () => kept.dispose(),
  }
}

/**
 * Load shedding looks at how long calls wait inside of it. It must hear of each call once: where there are two queues, the waits of the
 * outer one are told with those of the inner one, which whoever begins passes.
 */
function waitsTo(shed: LoadShed, hasInner: boolean): Record<'outer' | 'inner', (event: WaitedEvent) => void> {
  let untoldMs = 0
  const inner = ({ waitedMs }: WaitedEvent) => {
    shed.observeSojourn(untoldMs + waitedMs)
    untoldMs = 0
  }
  const outer = ({ waitedMs }: WaitedEvent) => {
    untoldMs += waitedMs
  }
  return { outer: hasInner ? outer : inner, inner }
}

const names: Readonly<Record<keyof ServerPipelineOptions, true>> = {
  loadShed: true,
  rateLimit: true,
  adaptiveLimit: true,
  bulkhead: true,
  events: true,
  random: true,
}
