// Tests of jute-reader.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'

const packetOf = (writer: JuteWriter) => Buffer.from(writer.frame().subarray(4))
const reading = (hex: string) => new JuteReader(Buffer.from(hex, 'hex'))
const tooEarly = { message: 'the packet ends too early' }

describe('a jute reader', () => {
  it('reads what others have written', () => {
    const reader = reading('fffffffe' + '0000000000001234' + '01' + '00000002c3a9' + '0000000200000001610000000162')
    assert.deepEqual([reader.int(), reader.long(), reader.bool(), reader.text()], [-2, 0x1234n, true, 'é'])
    assert.deepEqual([reader.texts(), reader.left], [['a', 'b'], 0])
  })

  it('takes a buffer that is not there for an empty one', () => {
    assert.equal(reading('ffffffff').buffer().length, 0)
    assert.equal(reading('ffffffff').text(), '')
    assert.deepEqual(reading('ffffffff').texts(), [])
  })

  it('reads whatever was written', () => {
    const parts = fc.tuple(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.boolean(),
      fc.uint8Array(),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(parts, ([int, long, bool, bytes, text]) => {
        const reader = new JuteReader(
          packetOf(new JuteWriter().int(int).long(long).bool(bool).buffer(bytes).text(text)),
        )
        assert.deepEqual([reader.int(), reader.long(), reader.bool()], [int, long, bool])
        assert.deepEqual(
          [Uint8Array.from(reader.buffer()), reader.text(), reader.left],
          [bytes, text.toWellFormed(), 0],
        )
      }),
      { seed: 7 },
    )
  })

  it('refuses what says that it is longer than it is, before it makes room for it', () => {
    for (const hex of ['', '000000', '7fffffff', '00000002aa', 'fffffffe', '80000000']) {
      assert.throws(() => reading(hex).buffer(), tooEarly, hex)
      assert.throws(() => reading(hex).texts(), tooEarly, hex)
    }
    assert.throws(() => reading('00000002000000016100').texts(), tooEarly)
    assert.throws(() => reading('00000000000000').long(), tooEarly)
    assert.throws(() => reading('').bool(), tooEarly)
  })
})
