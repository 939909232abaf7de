import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mix32, murmur3 } from './murmur3.ts'

// Vectors of MurmurHash3_x86_32 that Ian Boyd published (https://stackoverflow.com/a/31929528), made with Appleby's C++.
const published: readonly [text: string, seed: number, hash: number][] = [
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['\0\0\0\0', 0, 0x2362f9de],
  ['aaaa', 0x9747b28c, 0x5a97808a],
  ['aaa', 0x9747b28c, 0x283e0130],
  ['aa', 0x9747b28c, 0x5d211726],
  ['a', 0x9747b28c, 0x7fa09ea6],
  ['abcd', 0x9747b28c, 0xf0478627],
  ['abc', 0x9747b28c, 0xc84a62dd],
  ['ab', 0x9747b28c, 0x74875592],
  ['Hello, world!', 0x9747b28c, 0x24884cba],
  ['ππππππππ', 0x9747b28c, 0xd58063c1],
  ['abc', 0, 0xb3dd93fa],
  ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
]

/** The algorithm as it is written down, over bytes that the platform made. */
function naive(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text)
  const rotate = (bits: bigint, by: bigint) => ((bits << by) | (bits >> (32n - by))) & 0xffffffffn
  const times = (one: bigint, other: bigint) => (one * other) & 0xffffffffn
  let hash = BigInt(seed)
  for (let at = 0; at < bytes.length; at += 4) {
    let block = 0n
    bytes.subarray(at, at + 4).forEach((byte, place) => {
      block |= BigInt(byte) << BigInt(8 * place)
    })
    hash ^= times(rotate(times(block, 0xcc9e2d51n), 15n), 0x1b873593n)
    if (at + 4 <= bytes.length) hash = (times(rotate(hash, 13n), 5n) + 0xe6546b64n) & 0xffffffffn
  }
  hash ^= BigInt(bytes.length)
  hash = times(hash ^ (hash >> 16n), 0x85ebca6bn)
  hash = times(hash ^ (hash >> 13n), 0xc2b2ae35n)
  return Number(hash ^ (hash >> 16n))
}

describe('murmur3', () => {
  for (const [text, seed, hash] of published)
    it(`gives what was published for ${JSON.stringify(text)} and the seed ${seed.toString(16)}`, () =>
      assert.equal(murmur3(text, seed), hash))

  it('hashes what the platform encodes, lone surrogates too', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
    )
    fc.assert(
      fc.property(texts, fc.nat(0xffffffff), (text, seed) => assert.equal(murmur3(text, seed), naive(text, seed))),
      { seed: 7, numRuns: 50 },
    )
  })
})

describe('mix32', () => {
  it('spreads small changes over all bits', () => {
    for (let bit = 0; bit < 32; bit++) {
      let changed = 0
      for (let n = 0; n < 1_000; n++) {
        let differ = mix32(n) ^ mix32(n ^ (1 << bit))
        for (; differ !== 0; differ &= differ - 1) changed++
      }
      assert.ok(changed > 15_000 && changed < 17_000, `bit ${bit} changes ${changed / 1_000} of 32`)
    }
  })
})
