import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryApiServer } from '../../../test/discovery/memory-api-server.ts'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { podSlices } from '../../../test/discovery/slices-of.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { checkedKubernetes } from './connection.ts'
import { OldSlices } from './old-slices.ts'
import { ownSlice } from './own-slice.ts'
import { SlicesApi } from './slices-api.ts'

const options = { ttlMs: 30_000, portName: '', pod: undefined }
const instance = (id: string) => ({ id, address: '10.0.0.1:80' })

describe('OldSlices', { timeout: 10_000 }, () => {
  it('removes what nobody has renewed for long, of this service and of registrars only, and looks once', async () => {
    const clock = manualClock()
    const server = new MemoryApiServer(clock)
    await using front = await AgentFront.open(server.backend, clock)
    const ago = (ms: number) => clock.wallNow() - ms
    const put = (service: string, id: string, renewedAt: number) =>
      server.put(ownSlice(service, instance(id), options, renewedAt))
    put('add', 'dead', ago(90_001))
    put('add', 'late', ago(89_999))
    put('add', 'alive', ago(0))
    put('sub', 'dead', ago(1e9))
    for (const slice of podSlices('add', [instance('pod')])) server.put(slice)
    const api = new SlicesApi(checkedKubernetes({ url: front.url, clock }))
    const old = new OldSlices(api, clock, 60_000)
    old.removeOnce('add')
    await eventually(() => server.slices.length === 4)
    old.removeOnce('add')
    await old[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
    assert.equal(front.came('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?'), 1)
    assert.deepEqual(
      server.slices.map(({ metadata }) => metadata.annotations?.['servicekit/instance'] ?? 'pod'),
      ['{"id":"late"}', '{"id":"alive"}', '{"id":"dead"}', 'pod'],
    )
    assert.equal(clock.pending, 0)
  })

  it('leaves what was renewed meanwhile, and all where the registry refuses', async () => {
    const clock = manualClock()
    await using agent = await ScriptedAgent.open()
    const api = new SlicesApi(checkedKubernetes({ url: agent.url, clock }))
    const old = new OldSlices(api, clock, 60_000)
    old.removeOnce('add')
    const dead = ownSlice('add', instance('dead'), options, 0)
    const metadata = { ...dead.metadata, uid: 'u', resourceVersion: '7' }
    ;(await agent.next()).answer(200, { metadata: { resourceVersion: '9' }, items: [{ ...dead, metadata }] })
    const asked = await agent.next()
    assert.deepEqual(JSON.parse(asked.body).preconditions, { uid: 'u', resourceVersion: '7' })
    asked.answer(409)
    old.removeOnce('sub')
    ;(await agent.next()).answer(403)
    await old[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
    assert.equal(agent.asked.length, 3)
  })

  it('ends while it looks, and looks for nothing where it is to remove nothing', async () => {
    const clock = manualClock()
    await using agent = await ScriptedAgent.open()
    await using api = new SlicesApi(checkedKubernetes({ url: agent.url, clock }))
    const old = new OldSlices(api, clock, 60_000)
    old.removeOnce('add')
    const asked = await agent.next()
    await old[Symbol.asyncDispose]()
    await asked.gone
    assert.equal(clock.pending, 0)
    const never = new OldSlices(api, clock, Infinity)
    never.removeOnce('add')
    await never[Symbol.asyncDispose]()
    assert.equal(agent.asked.length, 1)
  })
})
