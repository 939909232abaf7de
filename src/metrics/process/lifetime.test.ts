// Tests of lifetime.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { lifetime } from './lifetime.ts'

describe('lifetime', () => {
  it('tells since when the process runs, and on what', async () => {
    const clock = manualClock({ wallStartAt: 1_000_000_000 })
    const metrics = registry()
    const source = {
      uptime: () => 60 + clock.now() / 1e3,
      runtime: { name: 'nodejs', version: '26.10.0', engine: 'v8 14.6' } as const,
    }
    const part = lifetime(metrics, { clock }, source)
    await clock.advance(5_000)
    part.read()
    assert.deepEqual(Object.fromEntries(variables(metrics.collect())), {
      'process.uptime': 65,
      'process.start_time': 1_000_000 - 60,
      'process.runtime.info': {
        'process.runtime.name=nodejs': {
          'process.runtime.version=26.10.0': { 'process.runtime.description=v8 14.6': 1 },
        },
      },
    })
  })

  it('is of this process', () => {
    const metrics = registry()
    lifetime(metrics, { clock: systemClock }).read()
    const seen = Object.fromEntries(variables(metrics.collect()))
    const startedAt = Number(seen['process.start_time']) * 1e3
    const age = Number(seen['process.uptime']) * 1e3
    assert.ok(age > 0 && Math.abs(systemClock.wallNow() - startedAt - age) < 5_000)
  })
})
