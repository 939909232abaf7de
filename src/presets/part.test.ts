import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chain, type Middleware } from '../core/endpoint.ts'
import { checkNumber } from '../primitives/check.ts'
import { recorder } from '../testing/recorder.ts'
import { made, snapshotsOf } from './part.ts'

interface Options {
  readonly limit?: number | undefined
  readonly onRefused?: ((event: number) => void) | undefined
}

interface Made extends Middleware {
  readonly options: Options
}

const make = (options: Options): Made => Object.assign(chain(), { options })

describe('made', () => {
  it('makes a part of its own options, before those that all parts have', () => {
    assert.equal(made('a', { limit: 3 }, { limit: 1 }, make)?.options.limit, 3)
    assert.equal(made('a', { limit: undefined }, { limit: 1 }, make)?.options.limit, 1)
    assert.equal(made('a', undefined, { limit: 1 }, make)?.options.limit, 1)
  })

  it('tells the listener of all parts and that of its user', () => {
    const [ours, own] = [recorder<number>(), recorder<number>()]
    const { options } = made('a', { onRefused: own }, { onRefused: ours }, make) as Made
    options.onRefused?.(7)
    assert.deepEqual([ours.events, own.events], [[7], [7]])
  })

  it('takes a policy as it is, and makes none of false', () => {
    const own = make({})
    assert.equal(made('a', own, {}, make), own)
    assert.equal(made('a', false, {}, make), undefined)
  })

  it('says of which part an option is that is refused', () => {
    const refuse = (): Made => {
      checkNumber('timeoutMs', -1, { min: 1 })
      return make({})
    }
    assert.throws(() => made('attemptTimeout', { limit: 1 }, {}, refuse), {
      name: 'RangeError',
      message: 'attemptTimeout.timeoutMs must be a number from 1 to Infinity, but is -1',
    })
  })

  it('refuses whatever else it is given, by name', () => {
    for (const wrong of [true, null, 3, 'on'])
      assert.throws(() => made('retry', wrong as never, {}, make), {
        name: 'TypeError',
        message: `retry must be options, a policy or false, but is ${JSON.stringify(wrong)}`,
      })
  })
})

describe('snapshotsOf', () => {
  it('has the state of the parts that are on', () => {
    assert.deepEqual(snapshotsOf({ a: { snapshot: () => 1 }, b: undefined }), { a: 1 })
  })
})
