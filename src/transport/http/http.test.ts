// Tests of http.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { mounted } from '../dispatch.ts'
import type { Service } from '../server-transport.ts'
import { httpHandler } from './handler.ts'
import { http } from './http.ts'

const shop = contract('shop', { price: unary.of<{ item: string }, number>() })
const events = { onError: () => {}, onLateReply: () => {} }

function service(handlers: Service['handlers'] = []): Service {
  return { ...events, methods: mounted(shop, endpoints(shop, { price: ({ item }) => item.length })), handlers }
}

describe('http', () => {
  it('serves methods, handlers, and what its own options mount', async () => {
    const transport = http({
      host: '127.0.0.1',
      mount: [httpHandler('/own', () => new Response('mounted'))],
    })
    const running = await transport.listen(service([{ path: '/page', handler: () => new Response('a page') }]))
    await using _ = running
    const reply = await fetch(`${running.url}/price`, { method: 'POST', body: '{"item":"tea"}' })
    assert.equal(await reply.text(), '3\n')
    assert.equal(await (await fetch(`${running.url}/page`)).text(), 'a page')
    assert.equal(await (await fetch(`${running.url}/own`)).text(), 'mounted')
    assert.equal(running.stats.served, 3)
  })

  it('tells of failures', async () => {
    const stages: string[] = []
    const told = { ...service(), onError: ({ stage }: { stage: string }) => void stages.push(stage) }
    await using running = await http({ host: '127.0.0.1' }).listen(told)
    await (await fetch(`${running.url}/price`, { method: 'POST', body: '{' })).text()
    await (await fetch(`${running.url}/price`, { method: 'POST', body: 'null' })).text()
    assert.deepEqual(stages, ['request', 'method'])
  })

  it('refuses at the check what it could not serve, before anything listens', () => {
    assert.throws(
      () => http({ maxBodyBytes: 0 }).check(service()),
      /maxBodyBytes must be an integer from 1 to Infinity/,
    )
    const handler = () => new Response()
    assert.throws(() => http().check(service([{ path: 'page' as never, handler }])), TypeError)
  })
})
