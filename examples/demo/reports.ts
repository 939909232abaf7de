// Reports: what the proxy has said of its calls, and what follows from it for a while that has just passed.
import { type InstanceReport, nothingOf, type Report } from './messages.ts'

/** What a share is of, unless it says otherwise: the calls of this long a while. */
export const recentMs = 1_000

// As far back as any share is asked for.
const keptMs = 5_000

/** Keeps the last reports. */
export class Reports {
  readonly #kept: Report[] = []
  readonly #waiting = new Set<() => void>()
  #zero: Report | undefined

  add(report: Report): void {
    this.#kept.push(this.#zero === undefined ? report : sinceThen(report, this.#zero))
    const oldest = this.#kept.findIndex(({ at }) => at >= report.at - keptMs)
    this.#kept.splice(0, oldest)
    for (const check of [...this.#waiting]) check()
  }

  /** Counts from now on: what the last report has of calls is left out of all that follow. */
  begin(): void {
    this.#zero = this.last
    this.#kept.splice(0, Infinity, sinceThen(this.last, this.last))
  }

  get last(): Report {
    return this.#kept.at(-1) ?? { kind: 'report', at: 0, retries: 0, gaveUp: {}, instances: [] }
  }

  of(id: string): InstanceReport {
    return this.last.instances.find((instance) => instance.id === id) ?? nothingOf(id)
  }

  /** The share of calls that each instance had in the last milliseconds, from 0 to 1. */
  shares(overMs: number): ReadonlyMap<string, number> {
    const since = this.#kept.findLast(({ at }) => at <= this.last.at - overMs) ?? this.#kept[0]
    const before = new Map(since?.instances.map(({ id, calls }) => [id, calls]))
    const calls = this.last.instances.map(({ id, calls }) => [id, calls - (before.get(id) ?? 0)] as const)
    const sum = calls.reduce((so, [, count]) => so + count, 0)
    return new Map(calls.map(([id, count]) => [id, sum === 0 ? 0 : count / sum]))
  }

  /** Resolves with true after a report by which something holds; with false when none did within a time. */
  until(holds: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const check = () => {
        if (holds()) settle(true)
      }
      const settle = (result: boolean) => {
        clearTimeout(late)
        this.#waiting.delete(check)
        resolve(result)
      }
      const late = setTimeout(() => settle(false), limitMs)
      this.#waiting.add(check)
      check()
    })
  }
}

/** What a report has beyond an earlier one. */
function sinceThen(report: Report, zero: Report): Report {
  const known = new Map(zero.instances.map((instance) => [instance.id, instance]))
  return {
    ...report,
    retries: report.retries - zero.retries,
    instances: report.instances.map((instance) => {
      const { calls, failed, retries } = known.get(instance.id) ?? nothingOf(instance.id)
      return {
        ...instance,
        calls: instance.calls - calls,
        failed: instance.failed - failed,
        retries: instance.retries - retries,
      }
    }),
  }
}
