// Registries that are killed and come back while calls flow to real processes: nobody who calls notices, not even where the registry forgot all.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { consulInstancer } from '../../src/discovery/consul/instancer.ts'
import { dnsInstancer } from '../../src/discovery/dns/instancer.ts'
import { etcdInstancer } from '../../src/discovery/etcd/instancer.ts'
import { applicationsIn } from '../../src/discovery/eureka/applications.ts'
import { eurekaInstancer } from '../../src/discovery/eureka/instancer.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import { kubernetesInstancer } from '../../src/discovery/kubernetes/instancer.ts'
import { balancedClient } from '../../src/presets/balanced-client.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { onLoopback } from '../scenarios/discovery/elsewhere.ts'
import { Fleet, type FleetInstance } from '../scenarios/discovery/fleet.ts'
import { fleet } from '../scenarios/discovery/fleet-instance.ts'
import { SteadyLoad } from '../scenarios/discovery/steady-load.ts'
import { skipUnless } from '../servers/addresses.ts'
import { bind9 } from '../servers/bind9/bind9.ts'
import { type Updatable, update } from '../servers/bind9/update.ts'
import { consul } from '../servers/consul/consul.ts'
import { EtcdClient } from '../servers/etcd/client.ts'
import { etcd } from '../servers/etcd/etcd.ts'
import { etcdLike } from '../servers/etcd/launch-etcd.ts'
import { eureka } from '../servers/eureka/eureka.ts'
import { KubeClient } from '../servers/kube-apiserver/client.ts'
import { kubeApiserver } from '../servers/kube-apiserver/kube-apiserver.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

const limitMs = 30_000
const callsPerSecond = 200
const names = ['a', 'b', 'c']
const headers = { accept: 'application/json' }

const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address).toSorted()

/** Resolves when exactly these are known, and the registry works. */
async function knows(instancer: Instancer, ...instances: readonly FleetInstance[]): Promise<void> {
  await eventually(() => {
    assert.equal(instancer.current.error, undefined)
    assert.deepEqual(addressesOf(instancer), instances.map(({ address }) => address).toSorted())
  }, limitMs)
}

/** Kills the registry, sees that calls flow to all instances, and again when it is back. */
async function outage(own: OwnServer, instancer: Instancer, load: SteadyLoad, all: readonly FleetInstance[]) {
  const flows = async () => {
    const before = new Map(load.answers)
    await eventually(
      () => all.every(({ name }) => (load.answers.get(name) ?? 0) > (before.get(name) ?? 0) + 20),
      limitMs,
    )
  }
  await flows()
  await own.crash()
  await eventually(() => instancer.current.error !== undefined, limitMs)
  assert.equal(instancer.current.instances?.length, all.length)
  await flows()
  await own.restart()
  await knows(instancer, ...all)
  await flows()
}

describe('calls while a registry is killed and comes back', { timeout: 300_000 }, () => {
  it('do not fail with Consul, which has forgotten everybody', skipUnless('consul'), async () => {
    await using stack = new AsyncDisposableStack()
    const own = stack.use(await ownServer(consul))
    const url = own.addresses['url'] as string
    const processes = stack.use(new Fleet({ consul: url }))
    const all = await Promise.all(names.map((name) => processes.start(name)))
    const sets: number[] = []
    const onChange = ({ instances }: { readonly instances: readonly unknown[] | undefined }) =>
      void sets.push(instances?.length ?? -1)
    const instancer = stack.use(consulInstancer({ service: 'fleet', url, onChange }))
    const client = stack.use(balancedClient(fleet, { instancer }))
    await knows(instancer, ...all)
    sets.length = 0
    const load = stack.use(new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }))
    await outage(own, instancer, load, all)
    // By themselves, without a word of anybody.
    const registered = async () =>
      Object.keys((await (await fetch(`${url}/v1/agent/services`)).json()) as object).length
    await eventually(async () => (await registered()) === all.length, limitMs)
    await knows(instancer, ...all)
    assert.deepEqual(
      sets.filter((count) => count !== all.length),
      [],
      'it was never taken at its word',
    )

    // One that goes now is not kept for the sake of what was before.
    await all[0]?.end()
    await knows(instancer, ...all.slice(1))
    await load.stop()
    assert.deepEqual(load.troubles, {})
  })

  it('do not fail with Eureka, which has forgotten everybody', skipUnless('eureka'), async () => {
    await using stack = new AsyncDisposableStack()
    const own = stack.use(await ownServer(eureka))
    const url = own.addresses['url'] as string
    const processes = stack.use(new Fleet({ eureka: url }))
    const all = await Promise.all(names.map((name) => processes.start(name)))
    const sets: number[] = []
    const onChange = ({ instances }: { readonly instances: readonly unknown[] | undefined }) =>
      void sets.push(instances?.length ?? -1)
    const instancer = stack.use(eurekaInstancer({ service: 'fleet', url, pollIntervalMs: 300, onChange }))
    const client = stack.use(balancedClient(fleet, { instancer }))
    await knows(instancer, ...all)
    sets.length = 0
    const load = stack.use(new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }))
    await outage(own, instancer, load, all)
    // By themselves, without a word of anybody.
    const registered = async () => {
      const { instances } = applicationsIn(await (await fetch(`${url}/apps`, { headers })).bytes())
      return instances.length
    }
    await eventually(async () => (await registered()) === all.length, limitMs)
    const registeredAt = Date.now()
    // Eureka's own answers are as old as its cache.
    await eventually(() => (instancer.current.seenAt ?? 0) > registeredAt + 2_000, limitMs)
    await knows(instancer, ...all)
    assert.deepEqual(
      sets.filter((count) => count !== all.length),
      [],
      'it was never taken at its word',
    )

    // One that goes now is not kept for the sake of what was before.
    await all[0]?.end()
    await knows(instancer, ...all.slice(1))
    await load.stop()
    assert.deepEqual(load.troubles, {})
  })

  for (const isForgetful of [false, true])
    it(
      `do not fail with etcd, which ${isForgetful ? 'has forgotten' : 'knows'} everybody`,
      skipUnless('etcd'),
      async () => {
        await using stack = new AsyncDisposableStack()
        const own = stack.use(await ownServer(etcdLike(etcd, { isForgetful })))
        const url = own.addresses['url'] as string
        const processes = stack.use(new Fleet({ etcd: url }))
        const all = await Promise.all(names.map((name) => processes.start(name)))
        const sets: number[] = []
        const onChange = ({ instances }: { readonly instances: readonly unknown[] | undefined }) =>
          void sets.push(instances?.length ?? -1)
        const instancer = stack.use(etcdInstancer({ service: 'fleet', url, onChange }))
        const client = stack.use(balancedClient(fleet, { instancer }))
        await knows(instancer, ...all)
        sets.length = 0
        const load = stack.use(
          new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }),
        )
        await outage(own, instancer, load, all)
        // By themselves, without a word of anybody.
        const registered = async () => (await new EtcdClient(url).pairs('/services/fleet/')).length
        await eventually(async () => (await registered()) === all.length, limitMs)
        await knows(instancer, ...all)
        assert.deepEqual(new Set(sets), new Set(), 'it was never taken at its word')

        // One that goes now is not kept for the sake of what was before.
        await all[0]?.end()
        await knows(instancer, ...all.slice(1))
        await load.stop()
        assert.deepEqual(load.troubles, {})
      },
    )

  it('do not fail with Kubernetes, which knows everybody', skipUnless('kube-apiserver'), async () => {
    await using stack = new AsyncDisposableStack()
    const own = stack.use(await ownServer(kubeApiserver))
    const { access } = stack.use(new KubeClient(own.addresses))
    const processes = stack.use(new Fleet({ kubernetes: JSON.stringify(access) }))
    const all = await Promise.all(names.map((name) => processes.start(name)))
    const sets: number[] = []
    const onChange = ({ instances }: { readonly instances: readonly unknown[] | undefined }) =>
      void sets.push(instances?.length ?? -1)
    const instancer = stack.use(onLoopback(kubernetesInstancer({ service: 'fleet', ...access, onChange })))
    const client = stack.use(balancedClient(fleet, { instancer }))
    await knows(instancer, ...all)
    sets.length = 0
    const load = stack.use(new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }))
    await outage(own, instancer, load, all)
    assert.deepEqual(sets, [], 'nobody was blamed for what he could not say')
    await load.stop()
    assert.deepEqual(load.troubles, {})

    // One that dies without a word is left out while the others renew.
    await all[0]?.kill()
    await knows(instancer, ...all.slice(1))
  })

  it('do not fail with DNS, whose answers are as they were', skipUnless('bind9'), async () => {
    await using stack = new AsyncDisposableStack()
    const own = stack.use(await ownServer(bind9))
    const server = own.addresses as unknown as Updatable
    const processes = stack.use(new Fleet({}))
    const all = await Promise.all(names.map((name) => processes.start(name)))
    const name = '_fleet._tcp.example'
    const record = ({ port }: FleetInstance) => `${name}. 1 SRV 0 1 ${port} ns.example.`
    await update(
      server,
      all.map((instance) => `add ${record(instance)}`),
    )
    const instancer = stack.use(dnsInstancer({ name, servers: [server.url], timeoutMs: 500 }))
    const client = stack.use(balancedClient(fleet, { instancer }))
    await knows(instancer, ...all)
    const load = stack.use(new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }))
    await outage(own, instancer, load, all)
    // What changes from then on is seen.
    const another = await processes.start('d')
    await update(server, [`add ${record(another)}`])
    await knows(instancer, ...all, another)
    await eventually(() => (load.answers.get('d') ?? 0) > 20, limitMs)
    await load.stop()
    assert.deepEqual(load.troubles, {})
  })
})
