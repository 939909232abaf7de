// Tests of wheel-position.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isSingleTick, PARKED, WheelPosition } from './wheel-position.ts'

/** Ticks of every magnitude, and those beside the places where bits carry over. */
const anyTick = fc.oneof(
  fc.nat({ max: 100_000 }),
  fc.maxSafeNat(),
  fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -2, max: 2 }))
    .map(([bits, beside]) => Math.max(0, 2 ** bits + beside)),
)

/** A position, and a tick that it is at or before, near and far. */
const positionAndTick = fc
  .tuple(anyTick, anyTick)
  .map(([from, ahead]) => ({ from, tick: Math.min(from + ahead, Number.MAX_SAFE_INTEGER) }))

function positionAt(tick: number): WheelPosition {
  const position = new WheelPosition()
  position.moveTo(tick)
  return position
}

describe('WheelPosition', () => {
  it('puts near ticks into slots of their own, and what is due or past into that of the position', () => {
    const position = positionAt(10)
    assert.deepEqual(
      [10, 9, 0, -5, 11, 63].map((tick) => position.slotOf(tick)),
      [10, 10, 10, 10, 11, 63],
    )
  })

  it('puts later ticks into coarser levels', () => {
    const slots = [64, 4_096, 2 ** 18, 2 ** 24].map((tick) => positionAt(0).slotOf(tick))
    assert.deepEqual(slots, [64 + 1, 128 + 1, 192 + 1, 256 + 1])
  })

  it('parks what lies after the horizon, until the horizon is reached', () => {
    const position = positionAt(2 ** 30 - 1)
    assert.equal(position.slotOf(2 ** 30 + 3), PARKED)
    assert.equal(position.startOf(PARKED), 2 ** 30)
    position.moveTo(2 ** 30)
    assert.equal(position.slotOf(2 ** 30 + 3), 3)
  })

  it('begins no slot after a tick in it, nor before the position', () => {
    fc.assert(
      fc.property(positionAndTick, ({ from, tick }) => {
        const position = positionAt(from)
        const slot = position.slotOf(tick)
        const start = position.startOf(slot)
        assert.ok(start >= from && start <= tick)
        if (isSingleTick(slot)) assert.equal(start, tick)
      }),
    )
  })

  it('numbers slots in the order of time', () => {
    fc.assert(
      fc.property(positionAndTick, anyTick, ({ from, tick }, more) => {
        const position = positionAt(from)
        const later = Math.min(tick + more, Number.MAX_SAFE_INTEGER)
        assert.ok(position.slotOf(tick) <= position.slotOf(later))
      }),
    )
  })

  it('keeps a tick in its slot wherever the position moves before that slot', () => {
    fc.assert(
      fc.property(positionAndTick, fc.double({ min: 0, max: 1, noNaN: true }), ({ from, tick }, share) => {
        const position = positionAt(from)
        const slot = position.slotOf(tick)
        const start = position.startOf(slot)
        position.moveTo(Math.min(from + Math.floor((start - from) * share), Math.max(start - 1, from)))
        assert.equal(position.slotOf(tick), slot)
        assert.equal(position.startOf(slot), start)
      }),
    )
  })

  it('does not move back', () => {
    const position = positionAt(10)
    position.moveTo(5)
    assert.equal(position.tick, 10)
  })
})
