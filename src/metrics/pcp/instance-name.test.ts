// Tests of instance-name.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { instanceName } from './instance-name.ts'

describe('instanceName', () => {
  it('is labels and values, then the statistic', () => {
    assert.equal(instanceName(['method', 'code'], ['sum', 'ok'], undefined, 255), 'method=sum,code=ok')
    assert.equal(instanceName(['method'], ['sum'], 'p99', 255), 'method=sum,p99')
    assert.equal(instanceName([], [], 'p99', 255), 'p99')
    assert.equal(instanceName([], [], undefined, 255), '')
  })

  it('escapes what would make two names of one, or one of two', () => {
    assert.equal(instanceName(['k'], ['a b,c%"\n\u2028é日=x'], undefined, 255), 'k=a%20b%2Cc%25%22%0A%E2%80%A8é日=x')
  })

  it('ends long names with their hash, and never the statistic', () => {
    for (const maxBytes of [63, 255]) {
      const names = ['a', 'b'].map((end) => instanceName(['path'], [`${'日'.repeat(500)}${end}`], 'p99', maxBytes))
      assert.notEqual(names[0], names[1])
      for (const name of names) {
        assert.ok(Buffer.byteLength(name) <= maxBytes && Buffer.byteLength(name) > maxBytes - 4)
        assert.match(name, /^path=日+~[0-9a-f]{8},p99$/)
      }
    }
  })

  it('keeps different values apart, and has no spaces', () => {
    const value = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed())
    fc.assert(
      fc.property(fc.tuple(value, value), fc.tuple(value, value), (a, b) => {
        const [first, second] = [a, b].map((values) => instanceName(['x', 'y'], values, undefined, 255))
        assert.equal(first === second, a[0] === b[0] && a[1] === b[1])
        assert.ok(!/[\s"\p{Cc}]/u.test(first ?? ''))
      }),
      { seed: 8 },
    )
  })
})
