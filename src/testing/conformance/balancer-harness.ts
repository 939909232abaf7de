// What a balancer hands to its conformance suite, and the candidates and calls that the suite makes up.
import { type Context, rootContext } from '../../core/context.ts'
import { TriedInstances, triedInstances } from '../../core/tried-instances.ts'
import type { Balancer } from '../../discovery/balancer.ts'
import type { Candidate } from '../../discovery/candidate.ts'
import type { Instance } from '../../discovery/instance.ts'
import type { Random } from '../../primitives/random.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'

/** One property that every balancer has. */
export interface BalancerCase {
  /** The property, as a fact. */
  readonly name: string
  /** Throws when the balancer does not have it. */
  run(harness: BalancerHarness): void
}

/** What a balancer hands in. */
export interface BalancerHarness {
  /** A balancer that was told of nothing yet, and that takes all its chance from there. */
  balancer(random: Random): Balancer<string>
  /** Binds to a call what the balancer goes by, such as a key; calls have numbers from 0. @default nothing */
  ctx?(ctx: Context, call: number): Context
}

/** A candidate whose numbers a test sets by hand. */
export class VirtualCandidate implements Candidate<string> {
  readonly instance: Instance
  readonly target: string
  readonly joinedAt = 0
  weight: number
  inFlight = 0
  latencyMs = 0
  successRatio = 1
  healthy = true

  constructor(instance: Instance) {
    this.instance = instance
    this.target = instance.id
    this.weight = instance.weight ?? 1
  }

  loadAt(_now: number): number {
    if (this.weight === 0) return Infinity
    const costMs = this.latencyMs === 0 ? 1_000 * this.inFlight : this.latencyMs * (this.inFlight + 1)
    return costMs / this.weight
  }
}

/** Makes a candidate for each id; what else is known of its instance may be given. */
export function virtualCandidates(
  ids: readonly string[],
  more?: (at: number) => Partial<Instance>,
): readonly VirtualCandidate[] {
  return ids.map((id, at) => new VirtualCandidate({ id, address: `${id}:80`, ...more?.(at) }))
}

/** Ids in their order: `i000`, `i001` and so on. */
export function idsTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `i${String(at).padStart(3, '0')}`)
}

/** The calls of a case, on one clock that stands still. */
export class VirtualCalls {
  readonly clock: ManualClock = manualClock({ startAt: 1_000 })
  readonly #root: Context = rootContext({ clock: this.clock })
  readonly #harness: BalancerHarness
  #made = 0

  constructor(harness: BalancerHarness) {
    this.#harness = harness
  }

  /** The context of a new call, which was sent to some instances already. */
  next(...tried: readonly string[]): Context {
    const instances = new TriedInstances()
    for (const id of tried) instances.add(id)
    const ctx = this.#root.with(triedInstances, instances)
    return this.#harness.ctx?.(ctx, this.#made++) ?? ctx
  }
}
