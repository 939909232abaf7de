import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkSpec } from '../metric-spec.ts'
import { checkCount, checkedDimensions, dimensionsOf, text } from './dimensions.ts'

const spec = checkSpec({ name: 'calls', labels: ['method', 'code'] })

describe('dimensionsOf', () => {
  it('gives those of all metrics, then the labels', () => {
    const ofAll = checkedDimensions({ stage: 'test' })
    assert.deepEqual(dimensionsOf(spec, ['add', 'ok'], ofAll), [
      { Name: 'stage', Value: 'test' },
      { Name: 'method', Value: 'add' },
      { Name: 'code', Value: 'ok' },
    ])
  })

  it('lets a label take the place of one of all', () => {
    assert.deepEqual(dimensionsOf(spec, ['add', 'ok'], checkedDimensions({ code: 'x' })), [
      { Name: 'method', Value: 'add' },
      { Name: 'code', Value: 'ok' },
    ])
  })
})

describe('text', () => {
  it('is ASCII that can be seen, of a length that CloudWatch takes, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', size: 'large' }), (given) =>
        assert.match(text(given), /^(?=.*[\x21-\x7e])[\x20-\x7e]{1,1024}$/),
      ),
      { seed: 7 },
    )
    assert.deepEqual(['naïve\n😀', '', '  '].map(text), ['na_ve__', '_', '_'])
  })
})

describe('checkedDimensions', () => {
  it('refuses what CloudWatch would refuse', () => {
    for (const name of ['', ':a', 'a b', 'é', 'x'.repeat(256)])
      assert.throws(
        () => checkedDimensions({ [name]: 'v' }),
        /^TypeError: dimensions has a name that is none to CloudWatch/,
      )
    for (const value of ['', 'é', '\n', 'x'.repeat(1_025), 7 as never])
      assert.throws(() => checkedDimensions({ a: value }), /^TypeError: dimensions.a must be 1 to 1024 characters/)
    const many = Object.fromEntries(Array.from({ length: 31 }, (_, at) => [`d${at}`, 'v']))
    assert.throws(() => checkedDimensions(many), { message: 'dimensions must be 30 at most, but are 31' })
  })

  it('refuses a metric with too many of them', () => {
    const ofAll = checkedDimensions(Object.fromEntries(Array.from({ length: 29 }, (_, at) => [`d${at}`, 'v'])))
    assert.throws(() => checkCount(spec, ofAll), {
      message: 'metric calls: CloudWatch takes 30 dimensions at most, but with those of all metrics there are 31',
    })
    checkCount(checkSpec({ name: 'calls', labels: ['d0', 'a'] }), ofAll)
  })
})
