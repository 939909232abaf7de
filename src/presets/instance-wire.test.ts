import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callContext, rootContext } from '../core/context.ts'
import type { Middleware } from '../core/endpoint.ts'
import { singleMethod } from '../core/single-method.ts'
import { InstanceWire } from './instance-wire.ts'

describe('InstanceWire', () => {
  const ctxOf = (method: string) => callContext(rootContext(), singleMethod({ method }), Infinity)

  it('is made when it is first used, once, with the layers of attempts around each of its methods', async () => {
    const made: string[] = []
    const attempt: Middleware = (next) => {
      made.push('layer')
      return next
    }
    const wire = new InstanceWire(() => {
      made.push('wire')
      return {
        connect:
          ({ name }) =>
          async () =>
            name,
        close: () => void made.push('closed'),
      }
    }, attempt)
    assert.deepEqual(made, [])
    const one = ctxOf('svc/one')
    assert.equal(await wire.endpointOf(one)('x', one), 'one')
    assert.equal(wire.endpointOf(one), wire.endpointOf(one))
    const two = ctxOf('svc/two')
    assert.equal(await wire.endpointOf(two)('x', two), 'two')
    await wire.close()
    assert.deepEqual(made, ['wire', 'layer', 'layer', 'closed'])
  })

  it('has nothing to close where it was never used', async () => {
    const wire = new InstanceWire(
      () => assert.fail('it was made'),
      (next) => next,
    )
    await wire.close()
  })
})
