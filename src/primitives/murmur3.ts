// Hashes of texts that are the same in every process, for what processes decide alike without talking to each other.

/**
 * MurmurHash3 of Austin Appleby (x86, 32 bit) over the text in UTF-8, from 0 to 2^32 - 1. A lone surrogate counts as U+FFFD, which is what
 * it is sent as. Fast and evenly spread; not for what an attacker must not be able to aim at.
 */
export function murmur3(text: string, seed = 0): number {
  const { length } = text
  let hash = seed | 0
  let block = 0
  // How many bits of the block are filled.
  let filled = 0
  let bytes = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    // The bytes of the character, the first one lowest.
    let packed = code
    let size = 1
    if (code >= 0x80) {
      const point = code >= 0xd800 && code <= 0xdfff ? pairAt(text, i) : code
      if (point >= 0x10000) i++
      packed = utf8(point)
      size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    }
    bytes += size
    block |= packed << filled
    if (filled + size * 8 >= 32) {
      hash = Math.imul(rotated(hash ^ scrambled(block), 13), 5) + 0xe6546b64
      // A shift by 32 is none at all.
      block = filled === 0 ? 0 : packed >>> (32 - filled)
    }
    filled = (filled + size * 8) & 31
  }
  if (filled > 0) hash ^= scrambled(block)
  return mix32(hash ^ bytes)
}

/** MurmurHash3's finalizer: each bit of the 32 of a number changes each bit of what it gives, from 0 to 2^32 - 1, with a chance of about one half. */
export function mix32(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}

function scrambled(block: number): number {
  return Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

function pairAt(text: string, at: number): number {
  const point = text.codePointAt(at) as number
  return point >= 0x10000 ? point : 0xfffd
}

function utf8(point: number): number {
  const last = 0x80 | (point & 0x3f)
  if (point < 0x800) return 0xc0 | (point >> 6) | (last << 8)
  const third = 0x80 | ((point >> 6) & 0x3f)
  if (point < 0x10000) return 0xe0 | (point >> 12) | (third << 8) | (last << 16)
  return 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 0x3f)) << 8) | (third << 16) | (last << 24)
}
