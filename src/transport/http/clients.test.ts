import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clientOf } from '../../core/client.ts'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { httpClients } from './clients.ts'
import { httpServer } from './server.ts'

const shop = contract('shop', { price: unary.of<{ item: string }, number>() })

describe('httpClients', () => {
  it('calls an instance where it is, below a path', async () => {
    const below = contract('shop', shop.methods, { prefix: '/api' })
    const served = endpoints(below, { price: ({ item }) => item.length })
    await using server = await httpServer(below, served).listen({ host: '127.0.0.1', port: 0 })
    const { host: address } = new URL(server.url)
    await using client = clientOf(shop, httpClients({ path: '/api' }).wire(shop, { address }, {}))
    assert.equal(await client.price({ item: 'four' }), 4)
  })

  it('has as many connections as it says, else as its client says', () => {
    const connections = (options: object, given: object) =>
      httpClients(options).wire(shop, { address: '127.0.0.1:1' }, given).maxConnections
    assert.equal(connections({ maxConnections: 3 }, { maxConnections: 5 }), 3)
    assert.equal(connections({}, { maxConnections: 5 }), 5)
  })

  it('refuses options that make no sense before there is an instance', () => {
    assert.throws(() => httpClients({ protocol: 'ftp' as never }), /protocol must be 'http' or 'https'/)
    assert.throws(() => httpClients({ path: '/a?b' }), /baseUrl must be/)
    for (const path of ['api', ':80/x', 5])
      assert.throws(() => httpClients({ path: path as never }), /path must begin with \//)
    assert.throws(() => httpClients({ maxConnections: 0 }), /maxConnections must be/)
    assert.throws(() => httpClients({ maxDepth: -1 }), /maxDepth must be/)
  })
})
