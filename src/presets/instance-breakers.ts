// InstanceBreakers: a circuit breaker for each instance, which is at once the health that balancers go by.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import type { Verdict } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import type { Instance } from '../discovery/instance.ts'
import { type InstanceHealth, refusedTicket } from '../discovery/instance-health.ts'
import { Breaker, refused } from '../resilience/breaker.ts'
import { type BreakerOptions, type BreakerSettings, breakerSettings } from '../resilience/breaker-settings.ts'
import type { BreakerChange, BreakerSnapshot } from '../resilience/breaker-state.ts'
import type { StateChangeEvent } from '../resilience/circuit-breaker.ts'

/** What the breakers of instances are set to. */
export interface InstanceBreakersOptions extends BreakerOptions {
  /** For what happens outside of calls. @default systemClock */
  readonly clock?: Clock | undefined
  /** Told of each change, with the id of the instance as its key. @default nothing */
  readonly onStateChange?: ((event: StateChangeEvent) => void) | undefined
}

/**
 * Makes breakers for the instances of one client: `balanced({ health: instanceBreakers().of, … })`. One whose circuit is open is passed over while others can
 * be called, and gets a few calls after its open time. Throws as `circuitBreaker` does.
 */
export function instanceBreakers(options: InstanceBreakersOptions = {}): InstanceBreakers {
  return new InstanceBreakers(options)
}

/** The breakers of all instances of one client. */
export class InstanceBreakers {
  readonly #settings: BreakerSettings
  readonly #clock: Clock
  readonly #onStateChange: InstanceBreakersOptions['onStateChange']
  readonly #open = new Map<InstanceBreaker, string>()

  /** Throws as `circuitBreaker` does. */
  constructor(options: InstanceBreakersOptions) {
    this.#settings = breakerSettings(options)
    this.#clock = options.clock ?? systemClock
    this.#onStateChange = options.onStateChange
  }

  /** The health of an instance that has joined: that of a new breaker. */
  readonly of = (instance: Instance): InstanceHealth => {
    const breaker = new InstanceBreaker(this.#settings, this.#clock, (change) =>
      this.#onStateChange?.({ key: instance.id, ...change }),
    )
    breaker.onDispose = () => this.#open.delete(breaker)
    this.#open.set(breaker, instance.id)
    return breaker
  }

  /** How all are, by the id of their instance. */
  snapshot(): { readonly circuits: readonly (BreakerSnapshot & { readonly key: string })[] } {
    const [now, wallNow] = [this.#clock.now(), this.#clock.wallNow()]
    return { circuits: Array.from(this.#open, ([breaker, key]) => ({ key, ...breaker.snapshot(now, wallNow) })) }
  }
}

class InstanceBreaker implements InstanceHealth {
  onDispose: (() => void) | undefined
  readonly #breaker: Breaker
  readonly #clock: Clock
  #rest: Timer | undefined
  #restsUntil = -Infinity
  #listener: (() => void) | undefined
  #isDisposed = false

  constructor(settings: BreakerSettings, clock: Clock, onChange: (change: BreakerChange) => void) {
    this.#clock = clock
    this.#breaker = new Breaker(settings, (change) => {
      // A call that was not called off with its client may still say how it ended.
      if (this.#isDisposed) return
      this.#follow(change)
      onChange(change)
    })
  }

  /** While the circuit is open and its time is not over. What comes then are probes, of which it takes only a few. */
  get healthy(): boolean {
    return this.#rest === undefined
  }

  onChange(listener: () => void): void {
    this.#listener = listener
  }

  begin(now: number, ctx: Context): number {
    const { ticket } = this.#breaker
    if (ticket !== refused) return ticket
    const probe = this.#breaker.allow(now, ctx)
    return probe === refused ? refusedTicket : probe
  }

  /** For a probe the first message is proof enough: a stream may go on for longer than one waits for a probe. */
  answered(ticket: number, now: number, ctx: Context): void {
    if (this.#breaker.state === 'half_open') this.#breaker.record(ticket, 'success', Number.NaN, now, ctx)
  }

  end(ticket: number, verdict: Verdict, tookMs: number, now: number, ctx: Context): void {
    this.#breaker.record(ticket, verdict, tookMs, now, ctx)
  }

  describe(): string | undefined {
    const { state } = this.#breaker
    if (state === 'closed') return undefined
    const leftMs = this.#restsUntil - this.#clock.now()
    if (state === 'open' && leftMs > 0) return `circuit open for another ${formatDuration(Math.ceil(leftMs))}`
    return 'circuit half open: a few calls find out whether it is well'
  }

  snapshot(now: number, wallNow: number): BreakerSnapshot {
    return this.#breaker.snapshot(now, wallNow)
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#rest?.cancel()
    this.#listener = undefined
    this.onDispose?.()
  }

  #follow({ openMs }: BreakerChange): void {
    const wasHealthy = this.healthy
    this.#rest?.cancel()
    this.#rest = undefined
    if (openMs !== undefined) {
      this.#restsUntil = this.#clock.now() + openMs
      this.#rest = this.#clock.schedule(openMs, () => this.#recover(), { background: true })
    }
    if (this.healthy !== wasHealthy) this.#listener?.()
  }

  #recover(): void {
    this.#rest = undefined
    this.#listener?.()
  }
}
