import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chain, type Middleware } from './endpoint.ts'
import { clientLayers, type PipelineUse } from './pipeline.ts'

describe('clientLayers', () => {
  it('puts the policies of calls around those of attempts, and both within use', async () => {
    const order: string[] = []
    const named =
      (name: string): Middleware =>
      (next) =>
      (request, ctx) => {
        order.push(name)
        return next(request, ctx)
      }
    const pipeline = { call: [named('call')], attempt: [named('attempt')] }
    const layers = clientLayers({ use: [named('use')], pipeline }, { methods: [] })
    await chain(...layers)(async () => {})('', undefined as never)
    assert.deepEqual(order, ['use', 'call', 'attempt'])
    assert.deepEqual(clientLayers({}, { methods: [] }), [])
  })

  it('lets the pipeline refuse what it is used for', () => {
    const seen: PipelineUse[] = []
    const pipeline = {
      call: [],
      attempt: [],
      check: (use: PipelineUse) => {
        seen.push(use)
        throw new TypeError('a and b do not work together')
      },
    }
    assert.throws(() => clientLayers({ pipeline }, { methods: [], maxConnections: 4 }), /do not work together/)
    assert.deepEqual(seen, [{ methods: [], maxConnections: 4 }])
  })

  it('refuses what is no pipeline', () => {
    for (const wrong of [{}, true, { retry: {} }, null])
      assert.throws(
        () => clientLayers({ pipeline: wrong as never }, { methods: [] }),
        /pipeline must be what clientPipeline\(\) gives/,
      )
  })
})
