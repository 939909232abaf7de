// Tests of cpu.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { cpu } from './cpu.ts'

describe('cpu', () => {
  it('counts the seconds used since the process began', () => {
    const metrics = registry()
    const used = { user: 2_000_000, system: 500_000 }
    const part = cpu(metrics, () => used)
    part.read()
    used.user += 1_000_000
    part.read()
    assert.deepEqual(Object.fromEntries(variables(metrics.collect())), {
      'process.cpu.time': { 'cpu.mode=user': 3, 'cpu.mode=system': 0.5 },
    })
  })

  it('is of this process', () => {
    const metrics = registry()
    cpu(metrics).read()
    const time = Object.fromEntries(variables(metrics.collect()))['process.cpu.time']
    assert.ok(Number((time as Record<string, number>)['cpu.mode=user']) > 0)
  })
})
