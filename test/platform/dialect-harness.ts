// Dialects of StatsD with tags, for tests: what receivers make of their lines, and the harness of the conformance suite over such a receiver.

import type { StatsdMetrics } from '../../src/metrics/statsd/statsd-metrics.ts'
import type { Channel } from '../../src/platform/channel.ts'
import type { MetricsHarness, Sample } from '../../src/testing/conformance/metrics.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'
import { ScriptedChannel } from './scripted-channel.ts'

/** A line as it was read. */
export interface DialectLine {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly values: readonly number[]
  /** The value has a sign. */
  readonly isSigned: boolean
  readonly type: string
  readonly times: number
}

/** Reads as Datadog's Agent does: https://github.com/DataDog/datadog-agent, `parse.go`. Throws for what that would refuse. */
export function readDogstatsd(line: string): DialectLine {
  const [nameAndValues = '', type = '', ...fields] = line.split('|')
  const colon = nameAndValues.indexOf(':')
  const [name, values] = [nameAndValues.slice(0, colon), nameAndValues.slice(colon + 1)]
  const tags: Record<string, string> = Object.create(null)
  let times = 1
  for (const field of fields) {
    if (field.startsWith('@')) times = 1 / Number(field.slice(1))
    else if (field.startsWith('#')) Object.assign(tags, pairsOf(field.slice(1).split(','), ':'))
    else if (!/^[ce]:./.test(field)) throw new Error(`strange field in ${line}`)
  }
  return lineOf(line, { name, tags, values: values.split(':'), type, times })
}

/** Reads as Telegraf does: https://github.com/influxdata/telegraf, `plugins/inputs/statsd/statsd.go`. Throws for what that would refuse. */
export function readTelegraf(line: string): DialectLine {
  const [bucket = '', ...bits] = line.trim().split(':')
  const [value = '', type = '', ratio = '@1'] = bits.join(':').split('|')
  const [name = '', ...tags] = bucket.split(',')
  return lineOf(line, { name, tags: pairsOf(tags, '='), values: [value], type, times: 1 / Number(ratio.slice(1)) })
}

function lineOf(
  line: string,
  read: Omit<DialectLine, 'values' | 'isSigned'> & { values: readonly string[] },
): DialectLine {
  const values = read.values.map((text) => (text === '' ? NaN : Number(text)))
  const isGood = /^[\w.-]+$/.test(read.name) && ['c', 'g', 'ms', 'h', 'd'].includes(read.type) && read.times >= 1
  if (!isGood || values.some(Number.isNaN)) throw new Error(`cannot be read: ${line}`)
  return { ...read, values, isSigned: /^[-+]/.test(read.values[0] ?? '') }
}

function pairsOf(tags: readonly string[], separator: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null)
  for (const tag of tags) {
    const at = tag.indexOf(separator)
    if (at < 1 || at === tag.length - 1) throw new Error(`no tag: ${tag}`)
    pairs[tag.slice(0, at)] = tag.slice(at + 1)
  }
  return pairs
}

interface Series {
  readonly line: DialectLine
  value: number
  readonly values: number[]
  count: number
}

/** Takes all at once, adds it up, and says so a little later, as sockets do. */
class Receiver extends ScriptedChannel {
  readonly series: Map<string, Series> = new Map()
  readonly #read: (line: string) => DialectLine
  readonly #signAdds: boolean

  constructor(read: (line: string) => DialectLine, signAdds: boolean) {
    super(true)
    this.#read = read
    this.#signAdds = signAdds
  }

  override send(chunk: Uint8Array): boolean {
    for (const line of new TextDecoder().decode(chunk).split('\n')) this.#take(this.#read(line))
    queueMicrotask(() => this.answer(undefined, 1))
    return true
  }

  #take(line: DialectLine): void {
    const key = JSON.stringify([line.name, line.type, line.tags])
    const known = this.series.get(key) ?? { line, value: 0, values: [], count: 0 }
    this.series.set(key, known)
    const [value = NaN] = line.values
    if (line.type === 'c') known.value += value * line.times
    else if (line.type === 'g') known.value = line.isSigned && this.#signAdds ? known.value + value : value
    else {
      known.values.push(...line.values)
      known.count += line.values.length * line.times
    }
  }
}

/** What tells the harness of one dialect from that of another. */
export interface Dialect {
  open(channel: Channel, clock: ManualClock): StatsdMetrics
  read(line: string): DialectLine
  /** A value with a sign is added to a gauge. */
  readonly signAdds: boolean
  readonly labelText: (text: string) => string
}

/** A harness without sockets. Tags that were left out are empty. */
export function dialectHarness({ open, read, signAdds, labelText }: Dialect): MetricsHarness {
  return {
    async open() {
      const clock = manualClock()
      const receiver = new Receiver(read, signAdds)
      const metrics = open(receiver, clock)
      const labels = new Map<string, readonly string[]>()
      metrics.onRegister(({ spec }) => labels.set(spec.name, spec.labels))
      const known = () => [...receiver.series.values()].flatMap((series) => samplesOf(series, labels))
      const close = async () => {
        await metrics[Symbol.asyncDispose]()
        return known()
      }
      const collect = async () => {
        await metrics.flush()
        return known()
      }
      return {
        metrics,
        collect,
        close,
        pass: (ms) => clock.advance(ms),
        [Symbol.asyncDispose]: async () => void (await close()),
      }
    },
    labelText,
  }
}

function samplesOf({ line, value, values, count }: Series, names: ReadonlyMap<string, readonly string[]>): Sample[] {
  const { name, tags, type } = line
  const labels = Object.fromEntries((names.get(name) ?? []).map((label) => [label, tags[label] ?? '']))
  if (type === 'c' || type === 'g') return [{ name, labels, field: 'value', value }]
  const sorted = values.toSorted((a, b) => a - b)
  return [
    { name, labels, field: 'count', value: count },
    { name, labels, field: 'sum', value: values.reduce((sum, one) => sum + one, 0) },
    ...[50, 90, 95, 99].map((percent): Sample => {
      return { name, labels, field: `p${percent}`, value: sorted[Math.floor((percent / 100) * sorted.length)] ?? NaN }
    }),
  ]
}
