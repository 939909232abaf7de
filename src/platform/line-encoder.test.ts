// Tests of line-encoder.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LineEncoder } from './line-encoder.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What becomes of lines that are encoded together: the texts of the chunks, and which lines are too long for one. */
function encoded(encoder: LineEncoder, lines: readonly string[]) {
  const texts: string[] = []
  const tooLong: string[] = []
  for (let text = lines.map((line) => `${line}\n`).join(''); text !== ''; ) {
    const end = encoder.encode(text)
    if (end > 0) texts.push(decoder.decode(encoder.bytes))
    else tooLong.push(text.slice(0, text.indexOf('\n')))
    text = text.slice(end || text.indexOf('\n') + 1)
  }
  return { texts, tooLong }
}

const bytesIn = (text: string) => new TextEncoder().encode(text).length
const anyLine = fc
  .string({ unit: fc.constantFrom('a', 'é', '語', '😀', '|'), maxLength: 12 })
  .filter((line) => line !== '')

describe('lines', () => {
  it('become one chunk, in a datagram without the last line feed', () => {
    assert.deepEqual(encoded(new LineEncoder(5), ['ab', 'cd']), { texts: ['ab\ncd'], tooLong: [] })
    assert.deepEqual(encoded(new LineEncoder(Infinity), ['ab', 'é']), { texts: ['ab\né\n'], tooLong: [] })
  })

  it('with more bytes than characters become several datagrams, each as full as whole lines make it', () => {
    const encoder = new LineEncoder(7)
    assert.deepEqual(encoded(encoder, ['ab', 'é', 'é', 'c']), { texts: ['ab\né', 'é\nc'], tooLong: [] })
    assert.deepEqual(encoded(encoder, ['語語']), { texts: ['語語'], tooLong: [] })
  })

  it('that are too long for a datagram are none of a chunk', () => {
    const encoder = new LineEncoder(4)
    assert.deepEqual(encoded(encoder, ['語語']), { texts: [], tooLong: ['語語'] })
    assert.deepEqual(encoded(encoder, ['a', '語語', '語é', 'b', 'é語']), {
      texts: ['a', 'b'],
      tooLong: ['語語', '語é', 'é語'],
    })
  })

  it('that are one each keep their line feeds, and are none of a chunk when they are too long for it', () => {
    const encoder = new LineEncoder(4, true)
    const ends = ['a\nb\n', '語', '語語', 'abcd', 'abcde'].map((text) => {
      const end = encoder.encode(text)
      return end === 0 ? undefined : decoder.decode(encoder.bytes)
    })
    assert.deepEqual(ends, ['a\nb\n', '語', undefined, 'abcd', undefined])
  })

  it('longer than what is written at a time are whole too', () => {
    const lines = ['x'.repeat(70_000), 'é'.repeat(30_000), 'y'.repeat(65_535)]
    const encoder = new LineEncoder(Infinity)
    for (const line of lines) assert.equal(encoded(encoder, [line]).texts[0], `${line}\n`)
  })

  it('with half a character have a replacement for it', () => {
    assert.deepEqual(encoded(new LineEncoder(3), ['\ud83d']).texts, ['\ufffd'])
  })

  it('arrive in order, none within a character, none twice, none in a larger chunk', () => {
    const anyBatches = fc.array(fc.array(anyLine, { minLength: 1, maxLength: 20 }), { maxLength: 8 })
    fc.assert(
      fc.property(anyBatches, fc.integer({ min: 1, max: 40 }), (batches, mostBytes) => {
        const encoder = new LineEncoder(mostBytes)
        for (const lines of batches) {
          const { texts, tooLong } = encoded(encoder, lines)
          const fits = (line: string) => bytesIn(line) <= mostBytes
          assert.deepEqual(
            texts.flatMap((text) => text.split('\n')),
            lines.filter(fits),
          )
          assert.deepEqual(
            tooLong,
            lines.filter((line) => !fits(line)),
          )
          for (const text of texts) assert.ok(bytesIn(text) <= mostBytes)
        }
      }),
    )
  })

  it('that were encoded do not change with what comes after', () => {
    const encoder = new LineEncoder(Infinity)
    const kept: Uint8Array[] = []
    const lines = Array.from({ length: 3_000 }, (_, n) => `${'é'.repeat(n % 100)}${n}\n`)
    for (const line of lines) {
      encoder.encode(line)
      kept.push(encoder.bytes)
    }
    assert.deepEqual(
      kept.map((bytes) => decoder.decode(bytes)),
      lines,
    )
    // Blocks are filled: less than twice of what is kept is held.
    const blocks = new Set(kept.map(({ buffer }) => buffer))
    const heldBytes = Array.from(blocks, ({ byteLength }) => byteLength).reduce((sum, each) => sum + each)
    const keptBytes = kept.reduce((sum, { byteLength }) => sum + byteLength, 0)
    assert.ok(heldBytes < 2 * keptBytes, `${heldBytes} for ${keptBytes}`)
  })
})
