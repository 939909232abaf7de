// Tests of byte-collector.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteCollector } from './byte-collector.ts'

describe('ByteCollector', () => {
  it('gives what was pushed, in order, and then begins anew', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 })
    fc.assert(
      fc.property(pieces, pieces, (first, second) => {
        const collector = new ByteCollector()
        for (const all of [first, second]) {
          for (const piece of all) collector.push(piece)
          assert.equal(collector.length, Buffer.concat(all).length)
          assert.deepEqual(Buffer.from(collector.take()), Buffer.concat(all))
          assert.equal(collector.length, 0)
        }
      }),
    )
  })

  it('keeps a piece that is alone as it is', () => {
    const piece = new Uint8Array([1, 2])
    const collector = new ByteCollector()
    collector.push(piece)
    assert.equal(collector.take(), piece)
  })

  it('leaves the pieces as they are', () => {
    const first = new Uint8Array([1])
    const collector = new ByteCollector()
    for (const piece of [first, new Uint8Array([2])]) collector.push(piece)
    assert.deepEqual([...collector.take(), ...first], [1, 2, 1])
  })

  it('holds little more than what was pushed, however small the pieces', () => {
    const collector = new ByteCollector()
    for (let i = 0; i < 100_000; i++) collector.push(new Uint8Array([i]))
    const whole = collector.take()
    assert.ok(whole.buffer.byteLength <= 400_000, `${whole.buffer.byteLength}`)
    assert.equal(whole.length, 100_000)
  })
})
