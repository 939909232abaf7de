// Tests of report.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulation } from './simulation.ts'

describe('SimulationReport', () => {
  it('finds its parts by name, and says which names there are', async () => {
    const sim = simulation()
    const call = sim.server('leaf').client({ name: 'front' })
    sim.load('callers', { perSecond: 10, call })
    const report = await sim.run(1_000)
    assert.equal(report.load('callers').offered, report.client('front').calls)
    assert.equal(report.server('leaf').arrived, report.client('front').attempts)
    assert.throws(() => report.load('nobody'), /there is no load named nobody, but callers/)
    assert.throws(() => report.server('toString'), /there is no server named toString/)
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report.data)
  })
})
