// Proves that the Consul of the tests is the real one: services come and go, queries wait for that, and a TTL lapses.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'

const api = (path: string, init?: RequestInit) => fetch(`${addressOf('consul')}/v1/${path}`, init)
const put = async (path: string, body?: object) => {
  const reply = await api(path, { method: 'PUT', ...(body ? { body: JSON.stringify(body) } : {}) })
  assert.equal(reply.status, 200, await reply.text())
}

describe('Consul', { ...skipUnless('consul'), timeout: 60_000 }, () => {
  it('says what it is', async () => {
    const { Config } = (await (await api('agent/self')).json()) as { Config: Record<string, string> }
    assert.deepEqual([Config['Version'], Config['NodeName'], Config['Datacenter']], ['1.13.9', 'dev', 'dc1'])
  })

  it('answers a query that waits as soon as a service has come', async () => {
    const path = 'health/service/proof'
    const index = (await api(path)).headers.get('x-consul-index')
    const waiting = api(`${path}?index=${index}&wait=60s`)
    await put('agent/service/register', { ID: 'proof-1', Name: 'proof', Address: '10.0.0.1', Port: 80 })
    const [entry] = (await (await waiting).json()) as [{ Service: { ID: string } }]
    assert.equal(entry.Service.ID, 'proof-1')
    await put('agent/service/deregister/proof-1')
    await eventually(async () => ((await (await api(path)).json()) as object[]).length === 0)
  })

  it('leaves a check critical when its service is registered again', async () => {
    // What makes the registrar say so itself that all is well.
    const service = { ID: 'lapsed-1', Name: 'lapsed', Port: 80, Check: { TTL: '100ms', Status: 'passing' } }
    await put('agent/service/register', service)
    const status = async () => {
      const checks = (await (await api('agent/checks')).json()) as Record<string, { Status: string }>
      return checks['service:lapsed-1']?.Status
    }
    await eventually(async () => (await status()) === 'critical')
    await put('agent/service/register', service)
    assert.equal(await status(), 'critical')
    await put('agent/service/deregister/lapsed-1')
  })
})
