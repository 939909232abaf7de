// The row about InfluxDB: what an interval costs in which a thousand series have changed, from the numbers to the server's answer.
import { InfluxDB, Point } from '@influxdata/influxdb-client'
import { influx as ours } from 'servicekit/metrics/influx/influx'
import { Contender } from '../harness/contender.ts'
import { nodeProgram } from '../harness/program.ts'
import { timed } from '../harness/timed.ts'

const bar = 3
const name = 'rpc.calls'
const series = Array.from({ length: 1_000 }, (_, i) => ({
  method: i % 2 === 0 ? 'GET' : 'POST',
  route: `/things/:id/parts/${i >> 1}`,
  code: 'ok',
}))
const amount = 3

let receiver: Promise<Contender> | undefined

/** One for all, in a process of its own. */
function receiverOfAll(): Promise<Contender> {
  receiver ??= Contender.start(nodeProgram('metrics/influx-receiver.ts'), 'other')
  return receiver
}

const urlOf = ({ hello }: Contender): string => `http://127.0.0.1:${hello['port']}`

/** Throws unless an interval arrives as a line for each series. */
async function verified(interval: () => Promise<unknown>): Promise<() => Promise<unknown>> {
  const receiver = await receiverOfAll()
  await receiver.ask('read')
  await interval()
  const { lines, sum } = await receiver.ask('read_back')
  if (lines !== series.length || sum !== amount * series.length) throw new Error(`${lines} lines came to ${sum}`)
  return interval
}

// Neither compresses: zlib takes the same time for both, more than all the rest.

async function ourInterval() {
  const metrics = ours({ url: urlOf(await receiverOfAll()), bucket: 'b', organization: 'o', token: 't', gzip: false })
  const counter = metrics.counter({ name, labels: ['method', 'route', 'code'] })
  const bound = series.map((labels) => counter.with(labels))
  return verified(() => {
    for (const child of bound) child.add(amount)
    return metrics.flush()
  })
}

async function theirInterval() {
  const client = new InfluxDB({ url: urlOf(await receiverOfAll()), token: 't' })
  const batch = { batchSize: 2 * series.length, flushInterval: 0, maxRetries: 0, gzipThreshold: 2 ** 30 }
  const api = client.getWriteApi('o', 'b', 'ns', batch)
  return verified(() => {
    for (const { method, route, code } of series)
      api.writePoint(
        new Point(name).tag('code', code).tag('method', method).tag('route', route).floatField('value', amount),
      )
    return api.flush()
  })
}

export const influx = timed('influx lines', {
  rounds: 21,
  ours: { prepare: ourInterval },
  peers: [{ name: '@influxdata/influxdb-client', bar, prepare: theirInterval }],
})
