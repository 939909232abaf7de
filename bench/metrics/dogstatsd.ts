// The row about DogStatsD: what one more call costs that is counted with three tags, for a receiver over UDP.
import { StatsD } from 'hot-shots'
import { dogstatsd as ours } from 'servicekit/metrics/dogstatsd/dogstatsd'
import { timed } from '../harness/timed.ts'
import { portOf, receiverOfAll, verified } from './statsd.ts'

const bar = 3
const host = '127.0.0.1'
const name = 'rpc.server.calls'
const labels = { method: 'sum', code: 'ok', zone: 'eu1' }
const intervalMs = 1_000
const maxPacketBytes = 1_432

async function ourCounter(): Promise<() => void> {
  const metrics = ours({ url: `udp://${host}:${portOf(await receiverOfAll())}`, intervalMs, maxPacketBytes })
  const bound = metrics.counter({ name, labels: ['method', 'code', 'zone'] }).with(labels)
  return verified(
    () => bound.add(),
    () => metrics.flush(),
  )
}

async function hotShotsCounter(aggregation: boolean): Promise<() => void> {
  const client = new StatsD({
    host,
    port: portOf(await receiverOfAll()),
    maxBufferSize: maxPacketBytes,
    bufferFlushInterval: intervalMs,
    cacheDns: true,
    aggregation: aggregation && { flushInterval: intervalMs },
    includeDatadogTelemetry: false,
    // Once for all calls: with each call they cost more.
    globalTags: labels,
  })
  return verified(
    () => client.increment(name),
    () => new Promise((resolve) => client.flush(resolve)),
  )
}

export const dogstatsd = timed('dogstatsd', {
  rounds: 21,
  ours: { prepare: ourCounter },
  peers: [
    { name: 'hot-shots', bar, prepare: () => hotShotsCounter(false) },
    { name: 'hot-shots, aggregating', bar, prepare: () => hotShotsCounter(true) },
  ],
})
