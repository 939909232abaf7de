// Tests of active-resources.ts.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { activeResources } from './active-resources.ts'

describe('activeResources', () => {
  it('counts what holds the process by type, and shows a type that is gone as 0', () => {
    const metrics = registry()
    let types = ['TCPSocketWrap', 'Timeout', 'TCPSocketWrap']
    const part = activeResources(metrics, () => types)
    part.read()
    types = ['Timeout', 'Immediate']
    part.read()
    assert.deepEqual(Object.fromEntries(variables(metrics.collect())), {
      'v8js.resource.active': {
        'v8js.resource.type=TCPSocketWrap': 0,
        'v8js.resource.type=Timeout': 1,
        'v8js.resource.type=Immediate': 1,
      },
    })
  })

  it('is of this process', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const metrics = registry()
    activeResources(metrics).read()
    await server[Symbol.asyncDispose]()
    const active = Object.fromEntries(variables(metrics.collect()))['v8js.resource.active']
    assert.equal((active as Record<string, number>)['v8js.resource.type=TCPServerWrap'], 1)
  })
})
