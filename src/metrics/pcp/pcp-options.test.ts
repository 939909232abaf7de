// Tests of pcp-options.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedPcp } from './pcp-options.ts'

describe('the options of PCP', () => {
  it('have defaults', () => {
    const { cluster, ...rest } = checkedPcp({ name: 'shop' })
    assert.deepEqual(rest, { path: '/var/lib/pcp/tmp/mmv/shop', version: 2, flags: 2 })
    assert.ok(cluster >= 1 && cluster <= 4_095)
    assert.equal(checkedPcp({ name: 'shop' }).cluster, cluster)
    assert.notEqual(checkedPcp({ name: 'shop2' }).cluster, cluster)
  })

  it('are what they were given', () => {
    const given = {
      name: 'a_1',
      folder: '/x',
      version: 1,
      cluster: 9,
      nameInMetrics: false,
      whileRunning: false,
    } as const
    assert.deepEqual(checkedPcp(given), { path: '/x/a_1', version: 1, cluster: 9, flags: 1 })
  })

  it('are refused when they make no sense', () => {
    const refused: readonly (readonly [object, RegExp])[] = [
      [{}, /^name must be up to 63 letters, digits and _/],
      [{ name: '../x' }, /^name must be/],
      [{ name: '9a' }, /^name must be/],
      [{ name: 'a.b' }, /^name must be/],
      [{ name: 'x'.repeat(64) }, /^name must be/],
      [{ folder: '' }, /^folder must be a path/],
      [{ folder: 'a\0b' }, /^folder must be a path/],
      [{ version: 3 }, /^version must be one of 1, 2, but is 3$/],
      [{ whileRunning: 1 }, /^whileRunning must be true or false$/],
      [{ nameInMetrics: 'no' }, /^nameInMetrics must be true or false$/],
    ]
    for (const [options, message] of refused) {
      const given = Object.keys(options).length === 0 ? options : { name: 'shop', ...options }
      assert.throws(() => checkedPcp(given as never), { name: 'TypeError', message })
    }
    for (const cluster of [0, 4_096, 1.5])
      assert.throws(() => checkedPcp({ name: 'shop', cluster }), { name: 'RangeError', message: /^cluster must be/ })
  })
})
