import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Bottleneck from 'bottleneck'
import { bottleneckError } from './bottleneck-error.ts'

/** What a limiter rejects a job with. */
async function thrownBy(limiter: Bottleneck, weight: number): Promise<unknown> {
  return limiter.schedule({ weight }, async () => 'ran').catch((thrown: unknown) => thrown)
}

describe('bottleneckError', () => {
  it('knows what Bottleneck says', async () => {
    const full = new Bottleneck({ reservoir: 0, highWater: 0, strategy: Bottleneck.strategy.OVERFLOW })
    const dropped = bottleneckError(await thrownBy(full, 1))
    assert.deepEqual([dropped.code, dropped.retry], ['resource_exhausted', 'safe'])
    const heavy = bottleneckError(await thrownBy(new Bottleneck({ maxConcurrent: 1 }), 2))
    assert.deepEqual([heavy.code, heavy.retry], ['resource_exhausted', 'never'])
    const stopped = new Bottleneck()
    await stopped.stop()
    const thrown = await thrownBy(stopped, 1)
    const error = bottleneckError(thrown)
    assert.deepEqual([error.code, error.retry, error.cause], ['unavailable', 'safe', thrown])
  })

  it('takes anything else for a limiter that takes no calls', () => {
    assert.equal(bottleneckError(new Error('ECONNREFUSED')).code, 'unavailable')
    assert.equal(bottleneckError(undefined).code, 'unavailable')
  })
})
