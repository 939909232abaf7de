// The rows about StatsD: what one more call costs that is counted, or timed, for a receiver over UDP.
import { StatsD } from 'hot-shots'
import { statsd as ours } from 'servicekit/metrics/statsd/statsd'
import { Contender } from '../harness/contender.ts'
import { nodeProgram } from '../harness/program.ts'
import { timed } from '../harness/timed.ts'
import { logNormals } from './log-normals.ts'

const bar = 3
const host = '127.0.0.1'
/** What labels become in StatsD. */
const name = 'rpc.server.calls.sum.ok'
const intervalMs = 1_000
const maxPacketBytes = 1_432

/** Few enough to stay in the caches. */
const seconds = logNormals(4_096)
const milliseconds = seconds.map((value) => value * 1_000)
const mask = seconds.length - 1
/** In a slice no more lines than the sockets can hold: none must be dropped, for that would be cheaper. */
const mostCalls = 50_000

let receiver: Promise<Contender> | undefined

/** One for all, in a process of its own. */
export function receiverOfAll(): Promise<Contender> {
  receiver ??= Contender.start(nodeProgram('metrics/statsd-receiver.ts'), 'other')
  return receiver
}

export const portOf = ({ hello }: Contender): number => Number(hello['port'])

/** Throws unless all that is measured arrives: in portions that the buffers of the system can hold. */
export async function verified(measure: () => void, flush: () => Promise<unknown>): Promise<() => void> {
  const receiver = await receiverOfAll()
  const [portions, calls] = [20, 500]
  await receiver.ask('add')
  for (let portion = 0; portion < portions; portion++) {
    for (let call = 0; call < calls; call++) measure()
    await flush()
  }
  const expected = portions * calls
  const arrived = await sumAt(receiver, expected)
  if (arrived !== expected) throw new Error(`${arrived} of ${expected} arrived`)
  await receiver.ask('discard')
  return measure
}

/** What has arrived, as soon as it is all. */
async function sumAt(receiver: Contender, expected: number): Promise<number | undefined> {
  let sum: number | undefined
  for (let tries = 0; tries < 1_000 && sum !== expected; tries++) sum = (await receiver.ask('sum'))['sum']
  return sum
}

async function openOurs() {
  return ours({ url: `udp://${host}:${portOf(await receiverOfAll())}`, intervalMs, maxPacketBytes })
}

async function ourCounter(): Promise<() => void> {
  const metrics = await openOurs()
  const counter = metrics.counter({ name: 'rpc.server.calls', labels: ['method', 'code'] })
  const bound = counter.with({ method: 'sum', code: 'ok' })
  return verified(
    () => bound.add(),
    () => metrics.flush(),
  )
}

async function ourTiming(): Promise<() => void> {
  const metrics = await openOurs()
  const histogram = metrics.histogram({ name: 'rpc.server.calls', labels: ['method', 'code'], unit: 'seconds' })
  const bound = histogram.with({ method: 'sum', code: 'ok' })
  await verified(
    () => bound.observe(0.001),
    () => metrics.flush(),
  )
  let i = 0
  return () => {
    i = (i + 1) & mask
    bound.observe(seconds[i] as number)
  }
}

async function openHotShots(aggregation: boolean) {
  // Without tags, as ours.
  const client = new StatsD({
    host,
    port: portOf(await receiverOfAll()),
    maxBufferSize: maxPacketBytes,
    bufferFlushInterval: intervalMs,
    cacheDns: true,
    aggregation: aggregation && { flushInterval: intervalMs },
    includeDatadogTelemetry: false,
  })
  return { client, flush: () => new Promise((resolve) => client.flush(resolve)) }
}

async function hotShotsCounter(aggregation: boolean): Promise<() => void> {
  const { client, flush } = await openHotShots(aggregation)
  return verified(() => client.increment(name), flush)
}

async function hotShotsTiming(): Promise<() => void> {
  const { client, flush } = await openHotShots(false)
  await verified(() => client.timing(name, 1), flush)
  let i = 0
  return () => {
    i = (i + 1) & mask
    client.timing(name, milliseconds[i] as number)
  }
}

export const statsd = timed('statsd', {
  rounds: 21,
  ours: { prepare: ourCounter },
  peers: [
    { name: 'hot-shots', bar, prepare: () => hotShotsCounter(false) },
    { name: 'hot-shots, aggregating', bar, prepare: () => hotShotsCounter(true) },
  ],
})

/** Each value is a line for both. */
export const statsdTiming = timed('statsd timing', {
  rounds: 21,
  ours: { prepare: ourTiming, mostCalls },
  peers: [{ name: 'hot-shots', prepare: hotShotsTiming, mostCalls }],
})
