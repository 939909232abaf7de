// Tests of mmv-bytes.ts: read again by the tables of mmv(5).
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readMmv } from '../../../test/platform/mmv-reader.ts'
import { registry } from '../registry.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type MmvHeader, maxNameBytes, mmvBytes, secondGenerationAt } from './mmv-bytes.ts'

const header: MmvHeader = {
  version: 2,
  generation: 0x1234_5678_9abcn,
  flags: 3,
  process: 4_321,
  cluster: 77,
  littleEndian: true,
}

/** As it is once it has its second generation. */
function whole(layout: Layout, given: Partial<MmvHeader> = {}): Uint8Array {
  const { bytes } = mmvBytes(layout, { ...header, ...given })
  assert.throws(() => readMmv(bytes, given.littleEndian), /the generations differ/)
  bytes.copyWithin(secondGenerationAt, secondGenerationAt - 8, secondGenerationAt)
  return bytes
}

function scene(version: 1 | 2) {
  const metrics = registry()
  metrics
    .counter({ name: 'rpc.calls', labels: ['code'], help: 'How often.' })
    .with({ code: 'ok' })
    .add()
  metrics.histogram({ name: 'took', unit: 'seconds', help: 'é'.repeat(200) }).observe(1)
  metrics.gauge({ name: 'level' }).set(1)
  return layoutOf(metrics.collect(), { maxNameBytes: maxNameBytes[version] })
}

describe('the bytes of a file', () => {
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      it(`say all there is, version ${version}, ${littleEndian ? 'lowest' : 'highest'} byte first`, () => {
        const bytes = whole(scene(version), { version, littleEndian })
        const read = readMmv(bytes, littleEndian)
        const { generation, flags, process, cluster } = header
        assert.deepEqual(
          [read.version, read.generation, read.flags, read.process, read.cluster],
          [version, generation, flags, process, cluster],
        )
        assert.deepEqual(
          Array.from(read.metrics, ([name, { type, semantics, units }]) => [name, type, semantics, units]),
          [
            ['rpc.calls', 5, 1, 0x0010_0000],
            ['took.count', 3, 1, 0x0010_0000],
            ['took.sum', 5, 1, 0x0100_3000],
            ['took.spread', 5, 3, 0x0100_3000],
            ['level', 5, 3, 0],
          ],
        )
        assert.equal(read.metrics.get('rpc.calls')?.help, 'How often.')
        assert.equal(read.metrics.get('took.sum')?.help, 'é'.repeat(127))
        assert.equal(read.metrics.get('level')?.domain, undefined)
        assert.deepEqual(
          read.values.map(({ metric, instance }) => `${metric}[${instance}]`),
          [
            'rpc.calls[code=ok]',
            'took.count[]',
            'took.sum[]',
            ...['mean', 'p50', 'p90', 'p95', 'p99'].map((statistic) => `took.spread[${statistic}]`),
            'level[]',
          ],
        )
      })
    }

    it(`can be read whatever there is, version ${version}`, () => {
      const series = fc.array(fc.tuple(fc.nat(5), fc.string({ unit: 'binary', maxLength: 400 })), { maxLength: 30 })
      fc.assert(
        fc.property(series, fc.boolean(), (all, littleEndian) => {
          const metrics = registry()
          for (const [n, value] of all) {
            metrics
              .counter({ name: `c${n}`, labels: ['x'], help: value })
              .with({ x: value })
              .add()
            metrics.summary({ name: `s${n}` }).observe(n)
          }
          const layout = layoutOf(metrics.collect(), { maxNameBytes: maxNameBytes[version] })
          const read = readMmv(whole(layout, { version, littleEndian }), littleEndian)
          assert.equal(read.values.length, layout.values.length)
        }),
        { seed: 8, numRuns: 50 },
      )
    })
  }

  it('are a header and two sections where there is nothing', () => {
    const bytes = whole(layoutOf([], { maxNameBytes: 255 }))
    assert.equal(bytes.length, 40 + 2 * 16)
    assert.deepEqual(readMmv(bytes).values, [])
  })
})
