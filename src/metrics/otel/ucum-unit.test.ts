// Tests of ucum-unit.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ucumUnit } from './ucum-unit.ts'

describe('a unit of UCUM', () => {
  it('is a symbol, or an annotation where there is none', () => {
    const units = {
      '': '',
      seconds: 's',
      milliseconds: 'ms',
      bytes: 'By',
      mebibytes: 'MiBy',
      ratio: '1',
      percent: '%',
      calls: '{calls}',
    }
    for (const [unit, symbol] of Object.entries(units)) assert.equal(ucumUnit(unit), symbol)
    assert.equal(ucumUnit('constructor'), '{constructor}')
  })

  it('is a quotient where it is one', () => {
    assert.equal(ucumUnit('bytes_per_second'), 'By/s')
    assert.equal(ucumUnit('calls_per_minute'), '{calls}/min')
    assert.equal(ucumUnit('joules_per_gram_per_kelvin'), 'J/g/K')
  })
})
