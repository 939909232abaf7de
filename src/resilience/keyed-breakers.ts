// KeyedBreakers: the breakers of one policy, one for each key and never more than a limit, looked at and operated together.
import type { Clock } from '../core/clock.ts'
import { BoundedMap } from '../primitives/bounded-map.ts'
import { Breaker } from './breaker.ts'
import type { BreakerSettings } from './breaker-settings.ts'
import {
  type BreakerChange,
  type BreakerSnapshot,
  type BreakerState,
  type ForcedState,
  isForcedState,
  stateForced,
} from './breaker-state.ts'

/** What a breaker is kept under: undefined where there is one for all. */
export type BreakerKey = string | undefined

/** A breaker of those of a policy. */
export interface KeyedBreakerSnapshot extends BreakerSnapshot {
  readonly key: BreakerKey
}

/** What all keys were forced to. */
export interface Forced {
  readonly state: ForcedState
  readonly reason: string | undefined
}

/** What keyed breakers need. */
export interface KeyedBreakersOptions {
  readonly settings: BreakerSettings
  readonly maxKeys: number
  /** For what happens outside of calls. */
  readonly clock: Clock
  readonly onChange: ((key: BreakerKey, change: BreakerChange) => void) | undefined
}

/** A key that is new when all places are taken gets that of one that was not called lately, and of one that is not closed last. */
export class KeyedBreakers {
  readonly #breakers: BoundedMap<BreakerKey, Breaker>
  readonly #add: (key: BreakerKey) => Breaker
  readonly #clock: Clock
  /** What a key that is new begins with. */
  #forced: Forced | undefined

  constructor({ settings, maxKeys, clock, onChange }: KeyedBreakersOptions) {
    this.#breakers = new BoundedMap({ limit: maxKeys, stays: ({ state }) => state !== 'closed' })
    this.#clock = clock
    this.#add = (key) => {
      const breaker = new Breaker(settings, onChange && ((change) => onChange(key, change)))
      if (this.#forced !== undefined) breaker.force(this.#forced.state, this.#forced.reason)
      return breaker
    }
  }

  /** The breaker of a key, closed or as all were forced to be where it is new. */
  of(key: BreakerKey): Breaker {
    return this.#breakers.getOrAdd(key, this.#add)
  }

  /** The state that a call of the key would find before it looks at the time. */
  stateOf(key: BreakerKey): BreakerState {
    for (const [known, { state }] of this.#breakers) if (known === key) return state
    return this.#forced === undefined ? 'closed' : stateForced(this.#forced.state)
  }

  /** Forces all keys, those to come too. Throws a TypeError for what they cannot be forced to. */
  forceAll(state: ForcedState | undefined, reason: string | undefined): void {
    if (state !== undefined) stateForced(state)
    this.#forced = state && { state, reason }
    for (const [, breaker] of this.#breakers) breaker.force(state, reason)
  }

  /** What all keys are forced to. */
  get forced(): Forced | undefined {
    return this.#forced
  }

  /** One for each key there is. */
  snapshots(): KeyedBreakerSnapshot[] {
    const now = this.#clock.now()
    const wallNow = this.#clock.wallNow()
    return [...this.#breakers].map(([key, breaker]) => ({ key, ...breaker.snapshot(now, wallNow) }))
  }

  /** Goes on where other ones were. Keys that the snapshots do not have stay as they are. */
  restore(snapshots: readonly KeyedBreakerSnapshot[], forced: Forced | undefined): void {
    this.#forced = checkedForced(forced)
    const now = this.#clock.now()
    const wallNow = this.#clock.wallNow()
    for (const snapshot of snapshots) this.of(snapshot.key).restore(snapshot, now, wallNow)
  }
}

/** What is known of it and nothing else: it may have been anywhere. */
function checkedForced(forced: Forced | undefined): Forced | undefined {
  if (!isForcedState(forced?.state)) return undefined
  const { state, reason } = forced
  return { state, reason: typeof reason === 'string' ? reason : undefined }
}
