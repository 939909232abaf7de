// Tests of line-reader.ts: bytes become the same lines however a network has cut them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LineReader, readLines } from './line-reader.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (line: Uint8Array) => new TextDecoder().decode(line)

/** All the lines of some chunks, the last one included. */
function linesOf(chunks: readonly Uint8Array[], maxBytes = 1_000): string[] {
  const reader = new LineReader(maxBytes)
  const lines = chunks.flatMap((chunk) => reader.push(chunk))
  return [...lines, reader.rest()].filter((line) => line.length > 0).map(text)
}

/** Cuts bytes at some places, anywhere and into empty chunks too. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = places.map((place) => Math.floor(place * (whole.length + 1))).sort((a, b) => a - b)
  return [0, ...at].map((from, i) => whole.subarray(from, at[i] ?? whole.length))
}

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 12 })
const document = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', '\n\n', '"a"', 'ä€😀'), fc.string()), { maxLength: 20 })
  .map((parts) => parts.join(''))

describe('LineReader', () => {
  it('gives the lines that a chunk completes, and the rest at the end', () => {
    const reader = new LineReader(10)
    assert.deepEqual(reader.push(bytes('a\nbb\nc')).map(text), ['a', 'bb'])
    assert.deepEqual(reader.push(bytes('c')).map(text), [])
    assert.deepEqual(reader.push(bytes('c\n')).map(text), ['ccc'])
    assert.equal(reader.rest().length, 0)
    assert.deepEqual(reader.push(bytes('d')), [])
    assert.equal(text(reader.rest()), 'd')
    assert.equal(reader.rest().length, 0)
  })

  it('does not count the end of a line', () => {
    assert.deepEqual(new LineReader(3).push(bytes('abc\r\n')).map(text), ['abc'])
    assert.deepEqual(linesOf([bytes('abc\r'), bytes('\n')], 3), ['abc'])
    assert.throws(() => new LineReader(3).push(bytes('abcd\r\n')), { code: 'invalid_argument' })
  })

  it('gives the same lines wherever the bytes are cut', () => {
    fc.assert(
      fc.property(document, places, (whole, at) => {
        const expected = whole
          .toWellFormed()
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line !== '')
        assert.deepEqual(linesOf(cut(bytes(whole.toWellFormed()), at), 10_000), expected)
      }),
    )
  })

  it('takes a carriage return before the line feed for a part of the end, wherever it is cut', () => {
    assert.deepEqual(linesOf([bytes('a\r\nb\r'), bytes('\nc\r\n')]), ['a', 'b', 'c'])
    assert.deepEqual(linesOf([bytes('a\rb\n')]), ['a\rb'])
    assert.deepEqual(linesOf([bytes('a\r\r\n')]), ['a\r'])
  })

  it('leaves out lines that are empty', () => {
    assert.deepEqual(linesOf([bytes('\n\r\n\na\n\n\r\nb\n\n')]), ['a', 'b'])
    assert.deepEqual(linesOf([]), [])
    assert.deepEqual(linesOf([new Uint8Array()]), [])
  })

  it('lets a line be as long as is allowed and refuses a longer one, wherever the bytes are cut', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 8 }), { maxLength: 6 })
    fc.assert(
      fc.property(lines, places, fc.boolean(), (given, at, ended) => {
        const chunks = cut(bytes(given.join('\n') + (ended ? '\n' : '')), at)
        if (given.every((line) => line.length <= 5)) linesOf(chunks, 5)
        else assert.throws(() => linesOf(chunks, 5), { code: 'invalid_argument', message: /larger than 5 bytes/ })
      }),
    )
  })

  it('refuses a line as soon as it is too long, and does not wait for its end', () => {
    const reader = new LineReader(4)
    reader.push(bytes('abc'))
    assert.throws(() => reader.push(bytes('de')), { code: 'invalid_argument' })
  })

  it('counts bytes and not characters', () => {
    assert.deepEqual(linesOf([bytes('€\n')], 3), ['€'])
    assert.throws(() => linesOf([bytes('€\n')], 2), { code: 'invalid_argument' })
  })
})

describe('readLines', () => {
  const read = async (source: AsyncIterable<Uint8Array>) => {
    const lines: string[] = []
    for await (const line of readLines(source, 5)) lines.push(text(line))
    return lines
  }

  it('gives the lines of a stream; the last one needs no end', async () => {
    async function* source() {
      yield bytes('a\nb')
      yield bytes('b\ncc')
    }
    assert.deepEqual(await read(source()), ['a', 'bb', 'cc'])
  })

  it('gives the lines that came before one that is too long, fails and closes the source', async () => {
    let closed = false
    async function* source() {
      try {
        yield bytes('a\n')
        yield bytes('far too long')
        assert.fail('it is read on')
      } finally {
        closed = true
      }
    }
    const lines = readLines(source(), 5)
    assert.equal(text((await lines.next()).value as Uint8Array), 'a')
    await assert.rejects(lines.next(), { code: 'invalid_argument' })
    assert.ok(closed)
  })

  it('fails with what the source throws', async () => {
    const gone = new Error('gone')
    async function* source() {
      yield bytes('half')
      throw gone
    }
    await assert.rejects(read(source()), gone)
  })
})
