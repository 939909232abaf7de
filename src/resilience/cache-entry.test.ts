import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { seededRandom } from '../primitives/random.ts'
import { CacheEntry, type Lifetimes } from './cache-entry.ts'

const lives = (some: Partial<Lifetimes>): Lifetimes => ({
  ttlMs: 100,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  earlyRefresh: 0,
  ...some,
})

const agesOf = (entry: CacheEntry<string>, ...moments: number[]) => moments.map((now) => entry.ageAt(now))

describe('CacheEntry', () => {
  it('is fresh, then stale, then a last resort, then of no use', () => {
    const entry = CacheEntry.response('r', 1_000, lives({ staleWhileRevalidateMs: 50, staleIfErrorMs: 200 }), 0)
    assert.deepEqual(agesOf(entry, 1_000, 1_099), ['fresh', 'fresh'])
    assert.deepEqual(agesOf(entry, 1_100, 1_149), ['stale', 'stale'])
    assert.deepEqual(agesOf(entry, 1_150, 1_299), ['last_resort', 'last_resort'])
    assert.deepEqual(agesOf(entry, 1_300), ['expired'])
  })

  it('is never a last resort where the time to revalidate is the longer one', () => {
    const entry = CacheEntry.response('r', 0, lives({ staleWhileRevalidateMs: 50, staleIfErrorMs: 20 }), 0)
    assert.deepEqual(agesOf(entry, 149, 150), ['stale', 'expired'])
  })

  it('gives the same promise each time', async () => {
    const entry = CacheEntry.response('r', 0, lives({}), 0)
    assert.equal(entry.answer, entry.answer)
    assert.equal(await entry.answer, 'r')
  })

  it('keeps an error for its own time, and has nobody miss it', async () => {
    const error = new ServiceError('not_found')
    const entry = CacheEntry.error<string>(error, 0, 30)
    assert.deepEqual(agesOf(entry, 29, 30), ['fresh', 'expired'])
    assert.equal(entry.isNegative, true)
    await assert.rejects(entry.answer, (thrown) => thrown === error)
  })

  it('has nobody look closer before chance could decide on a refresh', () => {
    const entry = CacheEntry.response('r', 0, lives({ ttlMs: 1_000, earlyRefresh: 1 }), 10)
    const smallest = () => 1 - 2 ** -53
    assert.ok(entry.earlyFrom > 600 && entry.earlyFrom < 700)
    assert.equal(entry.isDrawn(entry.earlyFrom + 0.01, smallest), true)
    assert.equal(entry.isDrawn(entry.earlyFrom - 0.01, smallest), false)
    assert.equal(CacheEntry.response('r', 0, lives({ ttlMs: 1_000 }), 10).earlyFrom, 1_000)
  })

  it('is refreshed as much earlier as the paper says: with the chance exp(-time left / (beta × time taken))', () => {
    const random = seededRandom('early')
    for (const [beta, leftMs] of [
      [1, 10],
      [1, 30],
      [2, 30],
    ] as const) {
      const entry = CacheEntry.response('r', 0, lives({ ttlMs: 1_000, earlyRefresh: beta }), 20)
      let drawn = 0
      for (let n = 0; n < 20_000; n++) if (entry.isDrawn(1_000 - leftMs, random)) drawn++
      const expected = Math.exp(-leftMs / (beta * 20))
      assert.ok(Math.abs(drawn / 20_000 - expected) < 0.015, `${drawn / 20_000} is not near ${expected}`)
    }
  })
})
