// Tally: counts what the proxy's calls come to, by the instance that they were sent to.
import { attempt, type Context, type Verdict } from 'servicekit'
import type { Instance } from 'servicekit/discovery/instance'
import type { InstanceHealth } from 'servicekit/discovery/instance-health'
import { type InstanceReport, nothingOf, type Report } from './messages.ts'

type Counts = { -readonly [Key in keyof InstanceReport]: InstanceReport[Key] }

/** Counts calls. Its members are given to `balancedClient`, which tells them what happens. */
export class Tally {
  readonly #counts = new Map<string, Counts>()
  readonly #gaveUp: Record<string, number> = {}
  #retries = 0

  /** An instance that is always well, and is told of each call by that. */
  readonly health = ({ id }: Instance): InstanceHealth => {
    const counts = this.#of(id)
    return {
      healthy: true,
      onChange: () => {},
      begin: () => {
        counts.lastSentAt = Date.now()
        return 0
      },
      end: (_ticket: number, verdict: Verdict, _tookMs: number, _now: number, ctx: Context) => {
        // Called off, or not let in by a circuit.
        if (verdict === 'ignored') return
        counts.calls++
        if (verdict === 'failure') counts.failed++
        if ((ctx.get(attempt) ?? 1) > 1) counts.retries++
      },
      [Symbol.dispose]: () => {},
    }
  }

  readonly onUpdate = ({ joined, left }: { joined: readonly Instance[]; left: readonly Instance[] }): void => {
    const at = Date.now()
    for (const { id } of left) this.#of(id).leftAt = at
    for (const { id } of joined) Object.assign(this.#of(id), { joinedAt: at, leftAt: undefined, circuit: 'closed' })
  }

  readonly onStateChange = ({ key, to }: { key: string | undefined; to: string }): void => {
    const counts = this.#of(key ?? '')
    counts.circuit = to === 'open' || to === 'half_open' ? to : 'closed'
    if (to === 'open') counts.openedAt = Date.now()
  }

  readonly onRetry = (): void => {
    this.#retries++
  }

  readonly onGiveUp = ({ reason }: { reason: string }): void => {
    this.#gaveUp[reason] = (this.#gaveUp[reason] ?? 0) + 1
  }

  report(): Report {
    return {
      kind: 'report',
      at: Date.now(),
      retries: this.#retries,
      gaveUp: this.#gaveUp,
      instances: [...this.#counts.values()],
    }
  }

  #of(id: string): Counts {
    let counts = this.#counts.get(id)
    if (counts === undefined) {
      counts = { ...nothingOf(id) }
      this.#counts.set(id, counts)
    }
    return counts
  }
}
