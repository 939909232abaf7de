// Tests of value-sheet.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registry } from '../registry.ts'
import { layoutOf } from './layout.ts'
import { mmvBytes, valueBytes } from './mmv-bytes.ts'
import { ValueSheet } from './value-sheet.ts'

for (const littleEndian of [true, false]) {
  describe(`ValueSheet, ${littleEndian ? 'lowest' : 'highest'} byte first`, () => {
    it('gives the stretch from the first to the last number that has changed', () => {
      const metrics = registry()
      const levels = [0, 1, 2, 3].map((n) => metrics.gauge({ name: `level${n}` }))
      const took = metrics.histogram({ name: 'took' })
      const layout = layoutOf(metrics.collect(), { maxNameBytes: 255 })
      const header = { version: 2, generation: 1n, flags: 0, process: 1, cluster: 1, littleEndian } as const
      const written = mmvBytes(layout, header)
      const sheet = new ValueSheet(written, layout, littleEndian)
      const view = new DataView(sheet.bytes.buffer)
      const at = (index: number) => written.valuesAt + index * valueBytes
      // The mean and the quantiles of no values are none.
      assert.deepEqual(sheet.refresh(), { start: at(6), end: at(10) + 8 })
      assert.equal(sheet.refresh(), undefined)
      levels[1]?.set(-2.5)
      levels[2]?.set(NaN)
      assert.deepEqual(sheet.refresh(), { start: at(1), end: at(2) + 8 })
      assert.equal(view.getFloat64(at(1), littleEndian), -2.5)
      assert.equal(view.getFloat64(at(2), littleEndian), NaN)
      assert.equal(sheet.refresh(), undefined)
      took.observe(3)
      assert.deepEqual(sheet.refresh(), { start: at(4), end: at(10) + 8 })
      assert.equal(view.getBigUint64(at(4), littleEndian), 1n)
    })
  })
}
