// allHealthy: several words on whether an instance may be called, as one.
import type { Verdict } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { type InstanceHealth, refusedTicket } from './instance-health.ts'

/**
 * Healthy while all of them are. A call begins with each of them in turn, until one refuses it: with those before, it ends as `ignored` then.
 * It owns them: disposing it disposes all.
 */
export function allHealthy(...healths: readonly InstanceHealth[]): InstanceHealth {
  return new AllHealthy(healths)
}

class AllHealthy implements InstanceHealth {
  readonly #healths: readonly InstanceHealth[]
  /** The tickets of calls in flight, one row for each: a row's number is the ticket that stands for all in it. */
  readonly #tickets: number[] = []
  readonly #freeRows: number[] = []
  #rows = 0
  #listener: (() => void) | undefined
  #wasHealthy: boolean

  constructor(healths: readonly InstanceHealth[]) {
    this.#healths = healths
    this.#wasHealthy = this.healthy
    for (const health of healths) health.onChange(() => this.#changed())
  }

  get healthy(): boolean {
    for (const health of this.#healths) if (!health.healthy) return false
    return true
  }

  onChange(listener: () => void): void {
    this.#listener = listener
  }

  begin(now: number, ctx: Context): number {
    const healths = this.#healths
    const row = this.#freeRows.pop() ?? this.#rows++
    for (let at = 0; at < healths.length; at++) {
      const ticket = healths[at]?.begin?.(now, ctx) ?? 0
      if (ticket === refusedTicket) {
        this.#end(row, at, 'ignored', 0, now, ctx)
        return refusedTicket
      }
      this.#tickets[row * healths.length + at] = ticket
    }
    return row
  }

  answered(ticket: number, now: number, ctx: Context): void {
    const healths = this.#healths
    for (let at = 0; at < healths.length; at++)
      healths[at]?.answered?.(this.#tickets[ticket * healths.length + at] as number, now, ctx)
  }

  end(ticket: number, verdict: Verdict, tookMs: number, now: number, ctx: Context): void {
    this.#end(ticket, this.#healths.length, verdict, tookMs, now, ctx)
  }

  describe(): string | undefined {
    const texts = this.#healths.map((health) => health.describe?.()).filter((text) => text !== undefined)
    return texts.length === 0 ? undefined : texts.join(', ')
  }

  [Symbol.dispose](): void {
    using all = new DisposableStack()
    for (const health of this.#healths) all.use(health)
  }

  /** Tells the first ones of a row, which is free then. */
  #end(row: number, count: number, verdict: Verdict, tookMs: number, now: number, ctx: Context): void {
    const healths = this.#healths
    for (let at = 0; at < count; at++)
      healths[at]?.end?.(this.#tickets[row * healths.length + at] as number, verdict, tookMs, now, ctx)
    this.#freeRows.push(row)
  }

  #changed(): void {
    const isHealthy = this.healthy
    if (isHealthy === this.#wasHealthy) return
    this.#wasHealthy = isHealthy
    this.#listener?.()
  }
}
