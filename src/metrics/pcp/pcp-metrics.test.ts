// Tests of pcp-metrics.ts: over files in memory, on a clock that stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failure, MemoryFiles } from '../../../test/platform/memory-files.ts'
import { readMmv } from '../../../test/platform/mmv-reader.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { PcpMetrics } from './pcp-metrics.ts'
import { checkedPcp, type PcpFailure, type PcpOptions } from './pcp-options.ts'

const path = '/mmv/shop'

function scene(given: Partial<PcpOptions> = {}) {
  const clock = manualClock()
  const files = new MemoryFiles()
  const options = { name: 'shop', folder: '/mmv', clock, ...given }
  const metrics = new PcpMetrics(options, checkedPcp(options), files)
  const read = () => readMmv(files.files.get(path)?.bytes ?? new Uint8Array())
  const values = () =>
    Object.fromEntries(
      read().values.map(({ metric, instance, value }) => [metric + (instance && `[${instance}]`), value]),
    )
  /** Lets an interval pass, and what it begins come to its end. */
  const interval = async () => {
    await clock.advance(1_000)
    await clock.settle()
  }
  return { clock, files, metrics, read, values, interval }
}

describe('metrics in a file for PCP', () => {
  it('are there at the first interval, with who wrote them', async () => {
    const { files, metrics, read, values, clock } = scene({ cluster: 5 })
    metrics.counter({ name: 'hits' }).add(3)
    await clock.advance(999)
    assert.equal(files.files.size, 0)
    await clock.advance(1)
    await clock.settle()
    assert.deepEqual(values(), { hits: 3 })
    const { version, process: pid, cluster, flags, generation } = read()
    assert.deepEqual([version, pid, cluster, flags], [2, process.pid, 5, 2])
    const seconds = Math.floor(clock.wallNow() / 1_000)
    assert.equal(generation >> 32n, BigInt(seconds))
  })

  it('change in place, and only where they have changed', async () => {
    const { files, metrics, values, interval } = scene()
    const hits = metrics.counter({ name: 'hits' })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    for (const name of ['a', 'b', 'c']) level.with({ of: name }).set(1)
    await interval()
    const file = files.files.get(path)
    files.log.splice(0)
    await interval()
    assert.equal(files.log.length, 0)
    level.with({ of: 'b' }).set(-2)
    await interval()
    assert.deepEqual(
      files.log.map((write) => write.split('+')[1]),
      ['8'],
    )
    hits.add(4)
    level.with({ of: 'a' }).set(7)
    await interval()
    assert.equal(files.log.length, 2)
    assert.deepEqual(values(), { hits: 4, 'level[of=a]': 7, 'level[of=b]': -2, 'level[of=c]': 1 })
    assert.equal(files.files.get(path), file)
    assert.equal(metrics.stats.generations, 1)
  })

  it('are a new file when a metric or a series comes or goes, and the numbers of the others stay', async () => {
    const { metrics, read, values, interval } = scene()
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    level.with({ of: 'a' }).set(1)
    await interval()
    const before = read()
    metrics.counter({ name: 'hits' }).add()
    level.with({ of: 'b' }).set(2)
    await interval()
    const after = read()
    assert.equal(metrics.stats.generations, 2)
    assert.notEqual(after.generation, before.generation)
    assert.equal(after.metrics.get('level')?.item, before.metrics.get('level')?.item)
    const [serial] = [...before.domains.keys()]
    for (const [number, name] of before.domains.get(serial ?? 0) ?? [])
      assert.equal(after.domains.get(serial ?? 0)?.get(number), name)
    level.delete({ of: 'a' })
    await interval()
    assert.deepEqual(values(), { 'level[of=b]': 2, hits: 1 })
    assert.equal(metrics.stats.generations, 3)
  })

  it('are written now when they are flushed, and read before', async () => {
    const { metrics, values } = scene()
    metrics.onCollect(() => metrics.gauge({ name: 'level' }).set(9))
    await metrics.flush()
    assert.deepEqual(values(), { level: 9 })
  })

  it('refuse names that have no place in the tree, or are too long', () => {
    const { metrics } = scene()
    metrics.counter({ name: 'rpc.calls' })
    assert.throws(() => metrics.counter({ name: 'rpc.calls.sum' }), /rpc.calls is in the way/)
    metrics.histogram({ name: 'took' })
    assert.throws(() => metrics.counter({ name: 'took.count' }), /took is in the way/)
    metrics.counter({ name: 'x'.repeat(255) })
    const message = /: .* has more than the 255 bytes that version 2 takes$/
    assert.throws(() => metrics.counter({ name: 'x'.repeat(256) }), { name: 'TypeError', message })
    assert.throws(() => metrics.summary({ name: 'y'.repeat(250) }), { name: 'TypeError', message })
    const old = scene({ version: 1 })
    assert.throws(() => old.metrics.counter({ name: 'x'.repeat(64) }), /63 bytes that version 1 takes/)
  })

  it('say how many series there was no room for', async () => {
    const { metrics, interval } = scene()
    const level = metrics.gauge({ name: 'level', labels: ['n'], maxSeries: 20_000 })
    for (let n = 0; n < 10_005; n++) level.with({ n }).set(n)
    await interval()
    assert.equal(metrics.stats.leftOut, 5)
  })

  it('are refused with an interval that is none', () => {
    const clock = manualClock()
    const options = { name: 'shop', intervalMs: 0, clock }
    assert.throws(() => new PcpMetrics(options, checkedPcp(options), new MemoryFiles()), RangeError)
    assert.equal(clock.pending, 0)
  })
})

describe('metrics in a file for PCP that cannot be written', () => {
  it('are told once, counted each time, and there again with all that was measured meanwhile', async () => {
    const onError = recorder<PcpFailure>()
    const { files, metrics, values, interval } = scene({ onError })
    const hits = metrics.counter({ name: 'hits' })
    files.fault = (operation) => (operation === 'open' ? failure('ENOENT') : undefined)
    for (let n = 0; n < 3; n++) {
      hits.add()
      await interval()
    }
    assert.equal(metrics.stats.failures, 3)
    const { lastError } = metrics.stats
    assert.match(lastError?.message ?? '', /^\/mmv\/shop: ENOENT/)
    assert.deepEqual([onError.events.length, onError.events[0]?.path], [1, path])
    files.fault = () => undefined
    await interval()
    assert.deepEqual(values(), { hits: 3 })
    assert.equal(metrics.stats.failures, 3)
  })

  it('go on in the old file while there is no room for a new one', async () => {
    const { files, metrics, values, interval } = scene()
    const hits = metrics.counter({ name: 'hits' })
    hits.add()
    await interval()
    const written = files.files.get(path)
    metrics.gauge({ name: 'level' }).set(5)
    hits.add(2)
    files.fault = (operation) => (operation === 'rename' ? failure('ENOSPC') : undefined)
    await interval()
    assert.deepEqual([files.files.get(path), values()], [written, { hits: 3 }])
    assert.deepEqual([metrics.stats.failures, files.files.size, files.openFiles], [1, 1, 1])
    files.fault = () => undefined
    await interval()
    assert.deepEqual(values(), { hits: 3, level: 5 })
  })

  it('are written again when somebody has taken the file away', async () => {
    const { files, metrics, values, interval } = scene()
    metrics.counter({ name: 'hits' }).add(2)
    await interval()
    files.files.delete(path)
    await interval()
    assert.deepEqual(values(), { hits: 2 })
    assert.deepEqual([metrics.stats.generations, metrics.stats.failures, files.openFiles], [2, 0, 1])
  })

  it('leave the file to another one that has come, until that is gone', async () => {
    const { files, metrics, values, interval } = scene()
    metrics.counter({ name: 'hits' }).add(2)
    await interval()
    const other = { ino: 99, bytes: new Uint8Array(1) }
    files.files.set(path, other)
    await interval()
    assert.equal(files.files.get(path), other)
    assert.match(metrics.stats.lastError?.message ?? '', /it is another one by now/)
    files.files.delete(path)
    await interval()
    assert.deepEqual(values(), { hits: 2 })
  })

  it('wait for a write that hangs, and do not begin another one', async () => {
    const { clock, files, metrics, values, interval } = scene()
    const hits = metrics.counter({ name: 'hits' })
    const stuck = Promise.withResolvers<void>()
    let hangs = 0
    files.fault = (operation) => {
      if (operation !== 'open') return undefined
      hangs++
      return stuck.promise
    }
    hits.add()
    for (let seconds = 0; seconds < 30; seconds++) await interval()
    assert.equal(hangs, 1)
    assert.ok(metrics.stats.failures > 3)
    assert.match(metrics.stats.lastError?.message ?? '', /the last write still hangs/)
    files.fault = () => undefined
    stuck.resolve()
    await clock.settle()
    hits.add()
    await interval()
    assert.deepEqual(values(), { hits: 2 })
  })
})

describe('the end of metrics in a file for PCP', () => {
  it('writes what is there, and takes the file away', async () => {
    const { clock, files, metrics } = scene()
    let last: unknown
    metrics.counter({ name: 'hits' }).add(3)
    files.fault = (operation, at) => {
      if (operation === 'rm' && at === path) last = readMmv(files.files.get(path)?.bytes ?? new Uint8Array()).values
      return undefined
    }
    const closed = metrics[Symbol.asyncDispose]()
    assert.equal(metrics[Symbol.asyncDispose](), closed)
    await closed
    assert.deepEqual(last, [{ metric: 'hits', instance: '', value: 3 }])
    assert.deepEqual([files.files.size, files.openFiles, clock.pending], [0, 0, 0])
  })

  it('leaves instruments that do no harm', async () => {
    const { clock, files, metrics } = scene()
    const hits = metrics.counter({ name: 'hits' })
    await metrics[Symbol.asyncDispose]()
    hits.add()
    metrics.histogram({ name: 'late' }).observe(1)
    await metrics.flush()
    await clock.advance(60_000)
    assert.deepEqual([files.files.size, clock.pending], [0, 0])
  })

  it('comes also when the file cannot be taken away, or hangs', async () => {
    for (const fault of [failure('EACCES'), new Promise<void>(() => {})]) {
      const { clock, files, metrics, interval } = scene()
      metrics.counter({ name: 'hits' }).add()
      await interval()
      files.fault = (operation) => (operation === 'rm' ? fault : undefined)
      const closed = metrics[Symbol.asyncDispose]()
      await clock.advance(5_000)
      await closed
      assert.equal(metrics.stats.failures, 1)
      assert.equal(clock.pending, 0)
    }
  })
})
