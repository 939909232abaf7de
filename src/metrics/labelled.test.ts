// Tests of labelled.ts: which instrument label values lead to.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { recorder } from '../testing/recorder.ts'
import { Family } from './labelled.ts'
import { checkSpec } from './metric-spec.ts'

interface Instrument {
  readonly values: readonly string[]
}

function family(labels: readonly string[], onDelete?: (instrument: Instrument) => void): Family<Instrument> {
  return new Family<Instrument>(
    checkSpec({ name: 'calls', labels }),
    (values) => ({ values }),
    () => {},
    onDelete,
  )
}

describe('Family', () => {
  it('gives the same instrument for the same values, in whatever order', () => {
    const calls = family(['method', 'code'])
    const instrument = calls.with({ method: 'get', code: 'ok' })
    assert.equal(calls.with({ code: 'ok', method: 'get' }), instrument)
    assert.equal(calls.size, 1)
  })

  it('gives another one when any value differs', () => {
    const calls = family(['a', 'b'])
    const seen = new Set<Instrument>()
    for (const a of ['', 'x', 'xy', 'x\0y']) for (const b of ['', 'x', 'y', 'yx']) seen.add(calls.with({ a, b }))
    assert.equal(seen.size, 16)
  })

  it('takes numbers and booleans as their text', () => {
    const calls = family(['code'])
    assert.equal(calls.with({ code: 200 }), calls.with({ code: '200' }))
    assert.equal(calls.with({ code: true }), calls.with({ code: 'true' }))
    assert.equal(calls.with({ code: -0 }), calls.with({ code: 0 }))
    assert.equal(calls.with({ code: NaN }), calls.with({ code: 'NaN' }))
    assert.deepEqual(calls.with({ code: 1e21 }).values, ['1e+21'])
  })

  it('refuses a label that is missing or no value, naming metric and label', () => {
    const calls = family(['method', 'code'])
    calls.with({ method: 'get', code: 'ok' })
    for (const code of [undefined, null, {}, [], Symbol('x'), 1n, () => 'ok']) {
      assert.throws(() => calls.with({ method: 'get', code: code as string }), {
        name: 'TypeError',
        message: /^metric calls: label code must be a text, a number or a boolean, but is /,
      })
    }
    assert.throws(() => calls.with({ method: 'get' } as never), { name: 'TypeError', message: /label code/ })
    assert.throws(() => calls.with({} as never), { name: 'TypeError', message: /label method/ })
  })

  it('refuses a label that the metric has not, however often the others were seen', () => {
    const calls = family(['method'])
    const strange = { method: 'get', shard: 1 }
    const refused = { name: 'TypeError', message: 'metric calls has no label shard: it has method' }
    assert.throws(() => calls.with(strange), refused)
    calls.with({ method: 'get' })
    assert.throws(() => calls.with(strange), refused)
    assert.throws(() => calls.with({ ...strange, shard: undefined } as never), refused)
    assert.throws(() => calls.delete(strange), refused)
    assert.equal(calls.size, 1)
  })

  it('reads labels off any object', () => {
    class Labels {
      get method(): string {
        return 'get'
      }
    }
    const calls = family(['method'])
    assert.equal(calls.with(new Labels() as never), calls.with({ method: 'get' }))
    assert.equal(calls.with(new Labels() as never), calls.with({ method: 'get' }))
    const bare = Object.assign(Object.create(null), { method: 'get' })
    assert.equal(calls.with(bare), calls.with({ method: 'get' }))
  })

  it('shows its instruments, first made first within each value of the labels before', () => {
    const calls = family(['a', 'b'])
    for (const [a, b] of ['21', '11', '22', '12'].map((text) => text.split(''))) calls.with({ a: a ?? '', b: b ?? '' })
    assert.deepEqual(
      calls.all.map(({ values }) => values.join('')),
      ['21', '22', '11', '12'],
    )
  })

  it('shows the same list until a series comes or goes', () => {
    const calls = family(['a'])
    calls.with({ a: 1 })
    const { all } = calls
    calls.with({ a: 1 })
    assert.equal(calls.all, all)
    calls.with({ a: 2 })
    assert.notEqual(calls.all, all)
    assert.deepEqual(all.length, 1, 'a list that was handed out does not change')
  })

  it('forgets a series and says so, once', () => {
    const forgotten = recorder<Instrument>()
    const calls = family(['a', 'b'], forgotten)
    const instrument = calls.with({ a: 1, b: 2 })
    calls.with({ a: 1, b: 3 })
    assert.equal(calls.delete({ a: 9, b: 9 }), false)
    assert.equal(calls.delete({ a: 1, b: 2 }), true)
    assert.equal(calls.delete({ a: 1, b: 2 }), false)
    assert.deepEqual(forgotten.events, [instrument])
    assert.deepEqual(
      calls.all.map(({ values }) => values.join('')),
      ['13'],
    )
    assert.notEqual(calls.with({ a: 1, b: 2 }), instrument)
  })

  it('holds what was made and not forgotten, and nothing else', () => {
    const anyValues = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), anyValues)), (steps) => {
        const calls = family(['a', 'b', 'c'])
        const model = new Map<string, Instrument>()
        for (const [isMade, [a, b, c]] of steps) {
          const key = `${a},${b},${c}`
          if (isMade) {
            const instrument = calls.with({ a, b, c })
            assert.equal(model.get(key) ?? instrument, instrument)
            model.set(key, instrument)
          } else assert.equal(calls.delete({ a, b, c }), model.delete(key))
        }
        assert.deepEqual(new Set(calls.all), new Set(model.values()))
        assert.equal(calls.size, model.size)
      }),
    )
  })

  it('keeps so much of a value as may come from a stranger', () => {
    const calls = family(['path'])
    const long = 'x'.repeat(1_000)
    const instrument = calls.with({ path: `${long}1` })
    assert.deepEqual(instrument.values, [long])
    assert.equal(calls.with({ path: `${long}2` }), instrument)
    assert.equal(calls.delete({ path: `${long}3` }), true)
  })

  it('takes values for one that no wire tells apart', () => {
    const calls = family(['path'])
    const instrument = calls.with({ path: 'a\ud800' })
    assert.deepEqual(instrument.values, ['a\ufffd'])
    assert.equal(calls.with({ path: 'a\udfff' }), instrument)
  })

  it('finds what is there also when it has as many series as it may', () => {
    const calls = new Family(
      checkSpec({ name: 'calls', labels: ['path'], maxSeries: 1 }),
      (values) => ({ values }),
      () => {},
    )
    const instrument = calls.with({ path: '\ud800' })
    assert.equal(calls.with({ path: '\ud801' }), instrument)
    assert.deepEqual(calls.with({ path: 'b' }).values, ['__overflow__'])
  })
})
