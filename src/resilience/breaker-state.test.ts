import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isForced, isForcedState, stateForced } from './breaker-state.ts'

describe('breaker states', () => {
  it('has a state for each that can be forced', () => {
    assert.deepEqual((['open', 'closed', 'disabled'] as const).map(stateForced), [
      'forced_open',
      'forced_closed',
      'disabled',
    ])
    assert.throws(
      () => stateForced('ajar' as never),
      /^TypeError: a breaker can be forced 'open', 'closed' or 'disabled', but not ajar/,
    )
  })

  it('tells what can be forced from what was', () => {
    for (const [value, asked, forced] of [
      ['open', true, false],
      ['forced_open', false, true],
      ['disabled', true, true],
      ['half_open', false, false],
      ['toString', false, false],
      [undefined, false, false],
    ] as const) {
      assert.deepEqual([isForcedState(value), isForced(value)], [asked, forced], String(value))
    }
  })
})
