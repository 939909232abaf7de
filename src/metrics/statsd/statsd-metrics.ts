// Metrics that are sent as lines: what StatsD and its dialects share, whose lines differ.
import { systemClock } from '../../core/clock.ts'
import { LineOutlet, type OpenChannel, type OutletStats } from '../../platform/line-outlet.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import { systemRandom } from '../../primitives/random.ts'
import { Catalog } from '../catalog.ts'
import { type CheckedSpec, checkSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { NameOwners } from '../name-owners.ts'
import { type Push, push } from '../push.ts'
import { CounterSum } from './counter-sum.ts'
import { GaugeValue } from './gauge-value.ts'
import type { Line, LineFormat } from './line-format.ts'
import type { LineSeries } from './line-series.ts'
import { Packs } from './packs.ts'
import type { StatsdOptions } from './statsd-options.ts'
import { TimingLines } from './timing-lines.ts'

/** How sending goes. */
export interface StatsdStats extends OutletStats {
  /** How many lines the system has taken, which it may still lose on the way. Two that set a gauge below zero count as one, here and in `dropped`. */
  readonly sent: number
  /** How many lines were lost: the oldest of too many, refused, or cut off. The receiver is told in the counter `statsd.dropped_lines`. */
  readonly dropped: number
}

/** Metrics that are sent to a receiver of StatsD. Disposing them sends what is left, within some seconds, and then all that is measured is for nobody. */
export interface Statsd extends Metrics, AsyncDisposable {
  readonly stats: StatsdStats
  /** Sends what is there, or waits for two seconds where the receiver takes nothing. Never rejects. */
  flush(): Promise<void>
}

const droppedLines = checkSpec({ name: 'statsd.dropped_lines' })

/** Sums counters, keeps gauges and writes lines. While the receiver is down or slow, sums and gauges wait here, where nothing of them is lost. */
export class StatsdMetrics extends Catalog<LineSeries> implements Statsd {
  readonly #outlet: LineOutlet
  readonly #packs: Packs
  readonly #push: Push
  readonly #droppedLine: Line
  #closing: Promise<void> | undefined
  /** What is not sent now never is. */
  #isLast = false
  /** Nothing was sent at the last interval. */
  #hasWaited = false

  /** Takes options that `checkedAddress` has looked at. Throws a RangeError for an interval or a jitter that is none, before it opens anything. */
  constructor(options: StatsdOptions, format: LineFormat, open: OpenChannel) {
    const { sampleRatio = 1, random = systemRandom, clock = systemClock, onCardinalityExceeded } = options
    const timing = (spec: CheckedSpec) => (values: readonly string[]) => {
      const line = format.timing(spec, values, sampleRatio)
      const sampling = { sampleRatio, random }
      if (!format.packsTimings) return new TimingLines(line, sampling, this.#outlet.writer)
      return new TimingLines({ ...line, before: '', after: '' }, sampling, this.#packs.of(line))
    }
    super(
      {
        counter: (spec) => (values) => new CounterSum(format.counter(spec, values), this.#outlet.writer),
        gauge: (spec) => (values) => new GaugeValue(format.gauge(spec, values), format.signAdds, this.#outlet.writer),
        histogram: timing,
        summary: timing,
      },
      { onCardinalityExceeded, onDelete: (series) => series.end() },
    )
    const names = new NameOwners('StatsD')
    this.onRegister(({ spec: { name } }) => names.claim(name, name.replaceAll(':', '_')))
    const { intervalMs, jitterRatio, maxPacketBytes, maxPendingBytes, onError } = options
    this.#push = push(() => this.#write(), { intervalMs, jitterRatio, clock, random })
    this.#outlet = new LineOutlet(open, { maxChunkBytes: maxPacketBytes, maxPendingBytes, clock, onError })
    const { channel, writer } = this.#outlet
    // Readers of streams have limits of their own for lines: that of statsd_exporter is 4 KiB.
    const mostPackedBytes = (channel.datagrams ? maxPacketBytes : undefined) ?? 1_432
    this.#packs = new Packs(writer, mostPackedBytes, clock)
    this.#droppedLine = format.counter(droppedLines, [])
  }

  get stats(): StatsdStats {
    return this.#outlet.stats
  }

  async flush(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    await this.#push.flush()
    this.#packs.write()
    await this.#outlet.writer.flush()
  }

  /** Sends a line that only one dialect has. It ends with a line feed. */
  send(line: string): void {
    this.#outlet.writer.write(line, byteLength(line) - line.length)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#isLast = true
    await this.#push[Symbol.asyncDispose]()
    this.#packs.write()
    await this.#outlet[Symbol.asyncDispose]()
  }

  #write(): void {
    const { state, datagrams } = this.#outlet.channel
    const { blocked } = this.#outlet.writer
    if (!this.#isLast && (state === 'down' || blocked)) {
      this.#hasWaited = true
      // Whether packets arrive again shows only when one is sent: this one says nothing, so that nothing is lost with it.
      if (datagrams && !blocked) this.#tellDropped(0)
      return
    }
    const dropped = this.#outlet.takeUntold()
    // Of counters and observations what is lost is lost. A gauge that nobody sets for long would be wrong for as long.
    const again = this.#hasWaited || dropped > 0
    this.#hasWaited = false
    if (dropped > 0) this.#tellDropped(dropped)
    for (const { series } of this.collect()) for (const one of series) one.write(again)
  }

  #tellDropped(lines: number): void {
    const { before, after, extraBytes } = this.#droppedLine
    this.#outlet.writer.write(`${before}${lines}${after}`, extraBytes)
  }
}
