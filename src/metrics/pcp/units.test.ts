// Tests of units.ts: the bits of PMAPI(3).
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countUnits, noUnits, unitsOf } from './units.ts'

describe('units', () => {
  it('are dimensions from the highest bit down, then their scales', () => {
    assert.equal(countUnits, 0x0010_0000)
    assert.equal(unitsOf('nanoseconds', noUnits), 0x0100_0000)
    assert.equal(unitsOf('seconds', noUnits), 0x0100_3000)
    assert.equal(unitsOf('hours', noUnits), 0x0100_5000)
    assert.equal(unitsOf('bytes', noUnits), 0x1000_0000)
    assert.equal(unitsOf('mebibytes', noUnits), 0x1002_0000)
  })

  it('are none, or what they are told, where PCP has none', () => {
    for (const unit of ['', 'calls', 'kilobytes', 'days', 'celsius', 'constructor']) {
      assert.equal(unitsOf(unit, noUnits), 0)
      assert.equal(unitsOf(unit, countUnits), countUnits)
    }
  })
})
