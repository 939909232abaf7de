// Our token bucket against golang.org/x/time/rate, step by step.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bring, goResults } from './rate/go-limiter.ts'
import { played, randomScripts } from './rate/script.ts'
import { vectors } from './rate/vectors.ts'

const { program, missing } = await bring()

describe('golang.org/x/time/rate', () => {
  it('is here', (t) => {
    if (missing === undefined) return
    if (process.env['CI']) assert.fail(missing)
    t.skip(missing)
  })

  it('gives what the vectors of the unit test say', { skip: missing !== undefined }, async () => {
    const kept = vectors()
    assert.ok(kept.length >= 100)
    const results = await goResults(program, kept)
    assert.deepEqual(
      results,
      kept.map((vector) => vector.results),
    )
  })
})

describe('our token bucket', { skip: missing !== undefined }, () => {
  it('has the same result for every step of 5,000 random scripts', async () => {
    const scripts = randomScripts(5_000, 6)
    const theirs = await goResults(program, scripts)
    const differing = scripts.flatMap((script, i) => {
      const ours = played(script)
      const step = ours.findIndex((result, j) => JSON.stringify(result) !== JSON.stringify(theirs[i]?.[j]))
      return step === -1 ? [] : [{ script, step, ours: ours[step], go: theirs[i]?.[step] }]
    })
    assert.deepEqual(differing.slice(0, 3), [])
  })
})
