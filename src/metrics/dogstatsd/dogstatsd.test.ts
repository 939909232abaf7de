// Tests of dogstatsd.ts: over real sockets.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { datagramReceiver, streamReceiver, unusedPort } from '../../../test/platform/receivers.ts'
import { eventually } from '../../testing/eventually.ts'
import { type Dogstatsd, dogstatsd } from './dogstatsd.ts'

async function measure(metrics: Dogstatsd): Promise<void> {
  const took = metrics.histogram({ name: 'took', unit: 'seconds', labels: ['method'] }).with({ method: 'sum' })
  for (const seconds of [0.25, 1.5, 2]) took.observe(seconds)
  metrics.counter({ name: 'hits' }).add(6)
  metrics.gauge({ name: 'level' }).set(-2)
  metrics.event({ title: 'Deployed', text: 'Version 2' })
  metrics.serviceCheck({ name: 'db', status: 'ok' })
  await metrics.flush()
}

const lines = [
  '_e{8,9}:Deployed|Version 2|#env:prod',
  '_sc|db|0|#env:prod',
  'shop.hits:6|c|#env:prod',
  'shop.level:-2|g|#env:prod',
  'shop.took:0.25:1.5:2|d|#env:prod,method:sum',
]
const common = { prefix: 'shop.', tags: { env: 'prod' } }

describe('dogstatsd', () => {
  it('sends over UDP, packed, without a line feed at the end', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = dogstatsd({ url: receiver.address, ...common })
    await measure(metrics)
    await eventually(() => receiver.heard.length === 1)
    assert.deepEqual(receiver.text.split('\n'), lines)
    assert.deepEqual([metrics.stats.sent, metrics.stats.dropped], [5, 0])
  })

  it('sends over TCP, each line with its line feed', async () => {
    await using receiver = await streamReceiver()
    await using metrics = dogstatsd({ url: receiver.address, ...common })
    await measure(metrics)
    await eventually(() => receiver.text === `${lines.join('\n')}\n`)
  })

  it('sends over a Unix stream in packets with their lengths, as the Agent reads them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-dogstatsd-'))
    try {
      await using receiver = await streamReceiver(join(folder, 'dsd.sock'))
      await using metrics = dogstatsd({ url: receiver.address, ...common, packed: false })
      await measure(metrics)
      const big = metrics.counter({ name: 'big', labels: ['of'], maxSeries: 5_000 })
      for (let of = 0; of < 1_000; of++) big.with({ of: `${'x'.repeat(100)}${of}` }).add()
      await metrics.flush()
      const packets = () => packetsOf(Buffer.concat(receiver.heard))
      await eventually(() => packets().join('\n').split('\n').length === 1_007)
      const all = packets()
      assert.ok(all.length > 10 && all.every((packet) => packet.length <= 8_192 && !packet.endsWith('\n')))
      assert.equal(all[0]?.split('\n').length, 7)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('sends what is packed within moments, without a flush', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = dogstatsd({ url: receiver.address })
    for (const value of [1, 2, 3]) metrics.summary({ name: 'size' }).observe(value)
    await eventually(() => receiver.text === 'size:1:2:3|d')
  })

  it('sends at its end what was packed, and then takes what comes without a word', async () => {
    await using receiver = await datagramReceiver()
    const metrics = dogstatsd({ url: receiver.address })
    const size = metrics.summary({ name: 'size' })
    size.observe(1)
    await metrics[Symbol.asyncDispose]()
    await eventually(() => receiver.text === 'size:1|d')
    size.observe(2)
    metrics.event({ title: 'late' })
    metrics.serviceCheck({ name: 'late', status: 'ok' })
    await metrics.flush()
    assert.equal(metrics.stats.state, 'closed')
  })

  it('keeps to the size of packets, events too', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = dogstatsd({ url: receiver.address, maxPacketBytes: 200 })
    for (let n = 0; n < 1_000; n++) metrics.histogram({ name: 'took' }).observe(n)
    metrics.event({ title: 'Long', text: 'ä'.repeat(1_000) })
    await metrics.flush()
    const valuesOf = (packet: Buffer) => [...packet.toString().matchAll(/^took:(.*)\|d$/gm)].map(([, values]) => values)
    await eventually(() => receiver.heard.flatMap(valuesOf).join(':').split(':').length === 1_000)
    assert.ok(receiver.heard.every(({ length }) => length <= 200))
    await eventually(() => receiver.heard.some((packet) => /^_e\{4,\d+\}:Long\|ä+…$/m.test(packet.toString())))
    assert.equal(metrics.stats.dropped, 0)
  })

  it('refuses a metric that the Agent would take for a service check', async () => {
    await using metrics = dogstatsd({ url: `udp://127.0.0.1:${await unusedPort()}` })
    assert.throws(() => metrics.counter({ name: '_scores' }), /^TypeError: metric _scores: what begins with _sc is/)
    await using prefixed = dogstatsd({ url: `udp://127.0.0.1:${await unusedPort()}`, prefix: 'shop.' })
    prefixed.counter({ name: '_scores' })
  })

  it('never throws for want of a receiver', async () => {
    await using metrics = dogstatsd({ url: `tcp://127.0.0.1:${await unusedPort()}` })
    await eventually(() => metrics.stats.state === 'down')
    metrics.event({ title: 'Deployed' })
    metrics.serviceCheck({ name: 'db', status: 'ok' })
    assert.throws(() => metrics.event({ title: '' }), TypeError)
    assert.throws(() => metrics.event({ title: '\0' }), TypeError)
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => dogstatsd({ timings: 'set' as never }), { name: 'TypeError', message: /^timings must be/ })
    assert.throws(() => dogstatsd({ maxPacketBytes: 1 }), { name: 'RangeError', message: /^maxPacketBytes must be/ })
  })
})

function packetsOf(stream: Buffer): string[] {
  const packets: string[] = []
  for (let at = 0; at + 4 <= stream.length; ) {
    const end = at + 4 + stream.readUInt32LE(at)
    if (end > stream.length) break
    packets.push(stream.subarray(at + 4, end).toString())
    at = end
  }
  return packets
}
