import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryApiServer } from '../../../test/discovery/memory-api-server.ts'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { podSlices } from '../../../test/discovery/slices-of.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { InstanceSet } from '../instancer.ts'
import type { EndpointSlice } from './endpoint-slice.ts'
import { type KubernetesInstancerOptions, kubernetesInstancer } from './instancer.ts'
import { ownSlice } from './own-slice.ts'

const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const pod = (id: string, n: number) => ({ id, address: `10.0.0.${n}:80` })

/** An instancer of an API server in memory, with somebody who listens. */
async function lookup(options?: Partial<KubernetesInstancerOptions>, ...slices: readonly EndpointSlice[]) {
  const clock = manualClock()
  const server = new MemoryApiServer(clock)
  for (const slice of slices) server.put(slice)
  const front = await AgentFront.open(server.backend, clock)
  const instancer = kubernetesInstancer({
    service: 'add',
    url: front.url,
    clock,
    recoveryMs: 0,
    backoff: { jitter: 'none' },
    random: () => 0.5,
    ...options,
  })
  const heard: InstanceSet[] = []
  instancer.subscribe((set) => heard.push(set))
  return {
    clock,
    server,
    front,
    instancer,
    heard,
    /** As texts: `id@address`, with its weight where it has one. */
    knows: (...expected: readonly string[]) =>
      eventually(() => {
        assert.equal(instancer.current.error, undefined)
        const known = instancer.current.instances?.map(({ id, address, weight }) => `${id}@${address}${weight ?? ''}`)
        assert.deepEqual(known, expected)
      }),
    watches: () => eventually(() => server.watchers === 1),
    fails: (message: RegExp) => eventually(() => assert.match(instancer.current.error?.message ?? '', message)),
    lists: () => front.came(`${path}?`) - front.came(`${path}?labelSelector=kubernetes.io%2Fservice-name%3Dadd&watch`),
    [Symbol.asyncDispose]: async () => {
      await instancer[Symbol.asyncDispose]()
      await eventually(() => front.sockets.size === 0 && server.watchers === 0)
      assert.equal(clock.pending, 0)
      await front[Symbol.asyncDispose]()
    },
  }
}

/** A slice of pods with something else about it. */
function sliceOf(id: string, n: number, change: Partial<EndpointSlice> = {}, name = 'add-one'): EndpointSlice {
  const [slice] = podSlices('add', [pod(id, n)])
  return { ...(slice as EndpointSlice), metadata: { ...(slice as EndpointSlice).metadata, name }, ...change }
}

describe('kubernetesInstancer', { timeout: 20_000 }, () => {
  it('lists once, and watches on from there, also when a watch has come to its end', async () => {
    await using it = await lookup({}, sliceOf('a', 1))
    await it.knows('a@10.0.0.1:80')
    for (let turn = 2; turn < 5; turn++) {
      await it.watches()
      await it.clock.advance(120_000)
      await eventually(() => it.front.came(path) === turn + 1 && it.server.watchers === 1)
      it.server.put(sliceOf('a', turn))
      await it.knows(`a@10.0.0.${turn}:80`)
    }
    assert.equal(it.lists(), 1)
  })

  it('asks for its namespace with its token, and says what it looks up', async () => {
    await using agent = await ScriptedAgent.open()
    await using instancer = kubernetesInstancer({ service: 'add', namespace: 'shop', url: agent.url, token: 'sesame' })
    assert.equal(instancer.name, `add.shop in kubernetes at ${agent.url}`)
    instancer.subscribe(() => {})
    const asked = await agent.next()
    assert.equal(asked.url.pathname, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices')
    assert.equal(asked.headers.authorization, 'Bearer sesame')
  })

  it('has a pod once that moves from one slice to the other, and tells nobody', async () => {
    await using it = await lookup({}, sliceOf('a', 1))
    await it.knows('a@10.0.0.1:80')
    await it.watches()
    it.server.put(sliceOf('a', 1, {}, 'add-two'))
    it.server.remove('add-one')
    it.server.put(sliceOf('b', 2))
    await it.knows('a@10.0.0.1:80', 'b@10.0.0.2:80')
    assert.equal(it.heard.length, 2)
  })

  it('keeps a pod that ends while it serves, for when there is no other', async () => {
    await using it = await lookup({}, sliceOf('a', 1))
    await it.watches()
    const conditions = { ready: false, serving: true, terminating: true }
    it.server.put(sliceOf('a', 1, { endpoints: [{ addresses: ['10.0.0.1'], conditions, targetRef: { name: 'a' } }] }))
    await it.knows('a@10.0.0.1:800')
  })

  it('has IPv4 before IPv6 where a service has both, and what is asked for otherwise', async () => {
    const six = sliceOf(
      'a',
      1,
      { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'], targetRef: { name: 'a' } }] },
      'six',
    )
    await using both = await lookup({}, six, sliceOf('a', 1))
    await both.knows('a@10.0.0.1:80')
    await using one = await lookup({ addressType: 'IPv6' }, six, sliceOf('a', 1))
    await one.knows('a@[fd00::1]:80')
  })

  it('keeps what it knows when a service has several ports of a sudden, and says which', async () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'admin', port: 81 },
    ]
    await using it = await lookup({}, sliceOf('a', 1), sliceOf('b', 2, {}, 'add-two'))
    await it.knows('a@10.0.0.1:80', 'b@10.0.0.2:80')
    await it.watches()
    it.server.put(sliceOf('a', 1, { ports }))
    await it.fails(/^say which port by its name or number: it has http \(80\), admin \(81\)$/)
    assert.equal(it.instancer.current.instances?.length, 2)
    await using named = await lookup({ port: 'admin' }, sliceOf('a', 1, { ports }))
    await named.knows('a@10.0.0.1:81')
  })

  it('lists again when the server has forgotten from where to go on', async () => {
    await using it = await lookup({}, sliceOf('a', 1))
    await it.watches()
    await it.front.stop()
    it.server.put(sliceOf('b', 2))
    it.server.compact()
    await it.front.start()
    await it.clock.advance(1_000)
    await it.knows('b@10.0.0.2:80')
  })

  it('goes on without an error where only the connection is cut', async () => {
    await using it = await lookup({}, sliceOf('a', 1))
    await it.watches()
    for (const socket of it.front.sockets) socket.destroy()
    it.server.put(sliceOf('b', 2))
    await it.knows('b@10.0.0.2:80')
    assert.deepEqual([it.lists(), it.heard.map(({ error }) => error)], [2, [undefined, undefined]])
  })

  it('takes a server for dead whose watch does not even end', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    const options = { service: 'add', url: agent.url, clock, watchMs: 40_000, timeoutMs: 4_000 }
    await using instancer = kubernetesInstancer(options)
    instancer.subscribe(() => {})
    ;(await agent.next()).answer(200, { metadata: { resourceVersion: '1' }, items: [] })
    const watch = await agent.next()
    watch.begin('\n')
    await eventually(() => clock.nextAt === 55_000)
    await clock.advance(54_999)
    assert.equal(instancer.current.error, undefined)
    await clock.advance(1)
    await watch.gone
    await eventually(() => assert.match(instancer.current.error?.message ?? '', /said nothing for 55s$/))
  })

  it('does without a registrar that ended without a word while others renew', async () => {
    const options = { ttlMs: 9_000, portName: '', pod: undefined }
    const own = (id: string, now: number) => ownSlice('add', pod(id, 1), options, now)
    await using it = await lookup({}, own('a', 0), own('b', 0))
    await it.knows('a@10.0.0.1:80', 'b@10.0.0.1:80')
    await it.watches()
    // A TTL and a third of it after its last word, or later where events are.
    for (let turn = 1; it.instancer.current.instances?.length === 2; turn++) {
      assert.ok(turn < 20)
      await it.clock.advance(3_000)
      it.server.put(own('a', it.clock.now()))
      for (let settled = 0; settled < 8; settled++) await it.clock.settle()
    }
    assert.ok(it.clock.now() >= 9_000)
    await it.knows('a@10.0.0.1:80')
    it.server.put(own('b', it.clock.now()))
    await it.knows('a@10.0.0.1:80', 'b@10.0.0.1:80')
  })

  it('tells ten thousand pods in a hundred slices, and one that changes among them', { timeout: 60_000 }, async () => {
    const pods = Array.from({ length: 10_000 }, (_, at) => ({
      id: `pod-${String(at).padStart(5, '0')}`,
      address: `10.1.${at >> 8}.${at & 255}:80`,
    }))
    await using it = await lookup({}, ...podSlices('add', pods, 100))
    await eventually(() => it.instancer.current.instances?.length === 10_000)
    await it.watches()
    const changed = podSlices('add', pods.with(5_050, { ...pods[5_050], id: 'pod-new', address: '10.9.9.9:80' }), 100)
    it.server.put(changed[50] as EndpointSlice)
    await eventually(() => it.instancer.current.instances?.some(({ id }) => id === 'pod-new'))
    assert.deepEqual([it.lists(), it.heard.length], [1, 2])
  })

  it('refuses options that make no sense', () => {
    const refuse = (options: object, said: RegExp) =>
      assert.throws(() => kubernetesInstancer({ service: 'add', ...options }), said)
    refuse({ service: '' }, /service must have/)
    refuse({ service: 'a.b' }, /service must have/)
    refuse({ namespace: 'A' }, /namespace must have/)
    refuse({ port: 0 }, /port must be/)
    refuse({ port: 1.5 }, /port must be/)
    refuse({ port: true }, /port must be a name or a number/)
    refuse({ addressType: 'ipv4' }, /addressType must be IPv4, IPv6 or FQDN/)
    refuse({ timeoutMs: 0 }, /timeoutMs must be/)
    refuse({ watchMs: 9_999 }, /watchMs must be a number from 10000 to 3600000/)
    refuse({ token: 'open sesame' }, /token must be a text without spaces/)
  })
})
