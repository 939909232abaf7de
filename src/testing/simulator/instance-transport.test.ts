import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { contract } from '../../core/contract.ts'
import { noMethod } from '../../core/method.ts'
import { ClientTally } from './client-tally.ts'
import { instanceTransport, listed } from './instance-transport.ts'

describe('instanceTransport', () => {
  const empty = contract('leaf', {})

  it('sends to the instance that is listed under the address, and counts that', async () => {
    const tally = new ClientTally('leaf')
    const transport = instanceTransport([{ id: 'leaf/0', send: async (request) => `0 got ${request}` }], tally)
    const instance = listed({ id: 'leaf/0' })
    assert.deepEqual(instance, { id: 'leaf/0', address: 'leaf.0:1' })
    const send = transport.wire(empty, instance, {}).connect(noMethod)
    using ctx = rootContext()
    assert.equal(await send('x', ctx), '0 got x')
    assert.equal(tally.attempts, 1)
  })

  it('knows no others', () => {
    const transport = instanceTransport([], new ClientTally('leaf'))
    assert.throws(() => transport.wire(empty, { address: 'leaf.0:1' }, {}), /no simulated instance at leaf\.0:1/)
  })
})
