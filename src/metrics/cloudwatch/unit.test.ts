import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StandardUnit } from '@aws-sdk/client-cloudwatch'
import { unitOf } from './unit.ts'

describe('unitOf', () => {
  it('gives a unit that CloudWatch has', () => {
    assert.deepEqual(
      ['seconds', 'milliseconds', 'bytes', 'percent', 'days', ''].map((unit) => unitOf(unit, false)),
      ['Seconds', 'Milliseconds', 'Bytes', 'Percent', 'None', 'None'],
    )
    for (const unit of ['seconds', 'microseconds', 'bits', 'kilobytes', 'megabytes', 'gigabytes', 'parsecs'])
      assert.ok(Object.values(StandardUnit).includes(unitOf(unit, false)), unit)
  })

  it('counts what a counter without a unit counts', () => {
    assert.deepEqual([unitOf('', true), unitOf('bytes', true), unitOf('days', true)], ['Count', 'Bytes', 'None'])
  })
})
