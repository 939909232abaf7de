// Discovery with a real kube-apiserver: what it keeps, who may, what controllers write there, and its end and return.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import type { EndpointSlice } from '../../src/discovery/kubernetes/endpoint-slice.ts'
import { inCluster } from '../../src/discovery/kubernetes/in-cluster.ts'
import { type KubernetesInstancerOptions, kubernetesInstancer } from '../../src/discovery/kubernetes/instancer.ts'
import { ownSlice, sliceName } from '../../src/discovery/kubernetes/own-slice.ts'
import { kubernetesRegistrar } from '../../src/discovery/kubernetes/registrar.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { AgentFront, type Backend } from '../discovery/agent-front.ts'
import { ApiServerAt } from '../discovery/api-server-at.ts'
import { podSlices } from '../discovery/slices-of.ts'
import { pem } from '../platform/http-servers.ts'
import { skipUnless } from '../servers/addresses.ts'
import { type KubeAccess, KubeClient, slicesPath } from '../servers/kube-apiserver/client.ts'
import { kubeApiserver } from '../servers/kube-apiserver/kube-apiserver.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

const limitMs = 30_000
const soon = { initialMs: 50, maxMs: 500 }
const verbsOfRegistrar = ['create', 'patch', 'delete', 'list']
const instanceOf = (n: number): Instance => ({ id: `i${n}`, address: `10.0.0.${n}:80` })
const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address)

/** Resolves when these addresses are known, and the registry works. */
async function knows(instancer: Instancer, ...addresses: readonly string[]): Promise<void> {
  await eventually(() => {
    assert.equal(instancer.current.error, undefined)
    assert.deepEqual(addressesOf(instancer), addresses)
  }, limitMs)
}

/** Follows a service, and keeps how it fails. */
function follow(access: Partial<KubeAccess>, options: Partial<KubernetesInstancerOptions> & { service: string }) {
  const errors: string[] = []
  const onError = ({ error }: { readonly error: Error }) => void errors.push(error.message)
  const instancer = kubernetesInstancer({ backoff: soon, ...access, onError, ...options })
  instancer.subscribe(() => {})
  return { instancer, errors, [Symbol.asyncDispose]: () => instancer[Symbol.asyncDispose]() }
}

/** A front before the server that may change what goes through. */
async function through(access: KubeAccess, change: (backend: Backend) => Backend = (backend) => backend) {
  const behind = new ApiServerAt(access)
  const front = await AgentFront.open(change(behind.backend), systemClock)
  const dispose = async () => {
    await front[Symbol.asyncDispose]()
    await behind[Symbol.asyncDispose]()
  }
  return { front, url: front.url, [Symbol.asyncDispose]: dispose }
}

/** As etcd does by itself every five minutes, on demand of the API server. */
async function compact(etcd = ''): Promise<void> {
  const ask = async (path: string, body: object) => {
    const reply = await fetch(etcd + path, { method: 'POST', body: JSON.stringify(body) })
    assert.equal(reply.status, 200)
    return (await reply.json()) as { readonly header: { readonly revision: string } }
  }
  const { header } = await ask('/v3/maintenance/status', {})
  await ask('/v3/kv/compaction', { revision: header.revision, physical: true })
}

describe('discovery with Kubernetes', { ...skipUnless('kube-apiserver'), timeout: 240_000 }, () => {
  let server: OwnServer
  let client: KubeClient
  let access: KubeAccess
  before(async () => {
    server = await ownServer(kubeApiserver)
    client = new KubeClient(server.addresses)
    access = client.access
  })
  after(async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  it('brings a caller and a service together, and says all that there is to say', async () => {
    await using registrar = kubernetesRegistrar({ ...access, portName: 'http' })
    await using it = follow(access, { service: 'together' })
    const whole = { weight: 0.5, priority: 2, zone: 'z1', tags: ['v2'], metadata: { version: '2.1' } }
    const instance = { id: 'a/1 ä', address: '[2001:db8::1]:80', ...whole }
    const one = registrar.register('together', instance)
    const named = registrar.register('together', { id: 'named', address: 'a.test:80' })
    await Promise.all([one.registered, named.registered])
    await knows(it.instancer, '[2001:db8::1]:80', 'a.test:80')
    assert.deepEqual(it.instancer.current.instances?.[0], instance)
    // An instance that moves to an address of another kind is a new slice.
    const moved = registrar.register('together', { ...instance, address: '10.0.0.1:80' })
    await knows(it.instancer, '10.0.0.1:80', 'a.test:80')
    await Promise.all([moved.close(), named.close()])
    await knows(it.instancer)
    assert.deepEqual(it.errors, [])
  })

  it('reads what controllers write: pods that start, move, end, and have two kinds of addresses', async () => {
    await using all = follow(access, { service: 'pods', port: 'http' })
    await using six = follow(access, { service: 'pods', port: 8080, addressType: 'IPv6' })
    const conditions = (ready: boolean, serving = ready, terminating = false) => ({ ready, serving, terminating })
    const pod = (name: string, address: string, how = conditions(true)) => ({
      addresses: [address],
      conditions: how,
      targetRef: { kind: 'Pod', namespace: 'default', name },
      nodeName: 'node-1',
      zone: 'z1',
    })
    const slice = (name: string, endpoints: EndpointSlice['endpoints'], addressType: 'IPv4' | 'IPv6' = 'IPv4') => ({
      metadata: { name, labels: { 'kubernetes.io/service-name': 'pods' } },
      addressType,
      endpoints: endpoints ?? [],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'metrics', port: 9090, protocol: 'TCP' },
      ],
    })
    await client.put(slice('pods-a', [pod('p1', '10.0.0.1'), pod('p2', '10.0.0.2', conditions(false))]))
    await client.put(slice('pods-six', [pod('p1', 'fd00::1')], 'IPv6'))
    await knows(all.instancer, '10.0.0.1:8080')
    await knows(six.instancer, '[fd00::1]:8080')
    assert.deepEqual(all.instancer.current.instances, [
      { id: 'p1', address: '10.0.0.1:8080', zone: 'z1', metadata: { nodeName: 'node-1' } },
    ])
    await client.put(slice('pods-b', [pod('p1', '10.0.0.1')]))
    await client.put(slice('pods-a', [pod('p2', '10.0.0.2')]))
    await knows(all.instancer, '10.0.0.1:8080', '10.0.0.2:8080')
    const ending = conditions(false, true, true)
    await client.put(
      slice('pods-a', [pod('p2', '10.0.0.2', ending), pod('p3', '10.0.0.3', conditions(false, false, true))]),
    )
    const weights = () => all.instancer.current.instances?.map(({ id, weight }) => [id, weight])
    await eventually(
      () =>
        assert.deepEqual(weights(), [
          ['p1', undefined],
          ['p2', 0],
        ]),
      limitMs,
    )
    await client.remove('pods-a')
    await client.remove('pods-b')
    // What was the other kind's is there yet.
    await knows(all.instancer, '[fd00::1]:8080')

    await using vague = follow(access, { service: 'pods' })
    await eventually(() => vague.errors.length > 0, limitMs)
    assert.equal(vague.errors[0], 'say which port by its name or number: it has http (8080), metrics (9090)')
    await client.hold('pods', [])
    await knows(vague.instancer)
    for (const { errors } of [all, six]) assert.deepEqual(errors, [])
  })

  it('waits by one watch while nothing changes, and reads of a thousand pods the slice that changes', async (t) => {
    await using front = await through(access, (backend) => async (request) => {
      const reply = await backend(request)
      const counted = async function* () {
        for await (const piece of reply.more ?? []) {
          bytes += Buffer.byteLength(piece)
          yield piece
        }
      }
      return { ...reply, more: counted() }
    })
    let bytes = 0
    const pods = Array.from({ length: 1_000 }, (_, at) => ({
      id: `quiet-7d9c5b-${1_000 + at}`,
      address: `10.1.${at >> 8}.${at & 255}:80`,
      zone: 'eu-west-1a',
    }))
    await client.hold('quiet', podSlices('quiet', pods, 100))
    await using it = follow({ url: front.url }, { service: 'quiet' })
    await eventually(() => it.instancer.current.instances?.length === 1_000, limitMs)
    const first = bytes
    await eventually(() => front.front.requests === 1 && front.front.came(slicesPath()) === 2)
    await systemClock.sleep(1_500)
    assert.equal(bytes, first)
    const changed = podSlices(
      'quiet',
      pods.with(550, { id: 'quiet-new', address: '10.9.9.9:80', zone: 'eu-west-1a' }),
      100,
    )
    await client.put(changed[5] as EndpointSlice)
    await eventually(() => addressesOf(it.instancer)?.includes('10.9.9.9:80'), limitMs)
    t.diagnostic(`1,000 pods in 10 slices: ${first} bytes at first, ${bytes - first} for one change`)
    assert.ok(bytes - first < first / 8, `${bytes - first} of ${first}`)
    assert.deepEqual([front.front.came(slicesPath()), front.front.sockets.size, it.errors], [2, 1, []])
    await it.instancer[Symbol.asyncDispose]()
    await eventually(() => front.front.sockets.size === 0)
    await client.hold('quiet', [])
  })

  it('lists again by itself when a watch is cut, in the middle of a line or between two', async () => {
    let isToCut = false
    let begun = 0
    await using front = await through(access, (backend) => async (request) => {
      const reply = await backend(request)
      const cut = async function* () {
        begun++
        for await (const piece of reply.more ?? []) {
          if (!isToCut) yield piece
          else {
            isToCut = false
            yield piece.slice(0, piece.length / 2)
            throw new Error('cut')
          }
        }
      }
      return request.path.includes('watch=1') ? { ...reply, more: cut() } : reply
    })
    await using registrar = kubernetesRegistrar({ ...access })
    await using it = follow({ url: front.url }, { service: 'cut' })
    await registrar.register('cut', instanceOf(1)).registered
    await knows(it.instancer, '10.0.0.1:80')
    isToCut = true
    await registrar.register('cut', instanceOf(2)).registered
    await knows(it.instancer, '10.0.0.1:80', '10.0.0.2:80')
    await eventually(() => begun === 2)
    for (const socket of front.front.sockets) socket.destroy()
    await registrar.register('cut', instanceOf(3)).registered
    await knows(it.instancer, '10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80')
    assert.deepEqual(it.errors, [])
  })

  it('uses the token that a pod has now, from its first request to its last', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-account-'))
    try {
      const write = (name: string, content: string) => writeFileSync(join(folder, name), content)
      for (const name of ['one', 'two']) await client.account(name, [...verbsOfRegistrar, 'watch'])
      write('token', await client.tokenOf('one'))
      write('ca.crt', access.tls.ca)
      write('namespace', 'default')
      const { hostname, port } = new URL(access.url)
      const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
      const pod = inCluster({ folder, environment })
      const failed: string[] = []
      const onError = ({ error }: { readonly error: Error }) => void failed.push(error.message)
      await using registrar = kubernetesRegistrar({ ...pod, ttlMs: 600, backoff: soon, onError })
      await using instancer = kubernetesInstancer({ ...pod, service: 'rotating', backoff: soon })
      const subscription = instancer.subscribe(() => {})
      const registration = registrar.register('rotating', instanceOf(1))
      await knows(instancer, '10.0.0.1:80')
      const two = await client.tokenOf('two')
      write('token', `${two}\n`)
      // A request of this moment may still have the old one.
      await systemClock.sleep(300)
      await client.forbid('one')
      await systemClock.sleep(1_000)
      subscription[Symbol.dispose]()
      using _ = instancer.subscribe(() => {})
      registrar.register('rotating', instanceOf(2))
      await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
      assert.deepEqual(failed, [])

      write('token', 'worthless')
      await eventually(() => registration.state === 'failing', limitMs)
      assert.equal(registration.error?.message, `kubernetes at ${access.url} answered 401: Unauthorized (token)`)
      write('token', two)
      await eventually(() => registration.state === 'registered', limitMs)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('says what who asks may not do, and needs no more than it says', async () => {
    const missing = (verbs: string) => `a Role with ${verbs} of endpointslices in discovery.k8s.io is missing`
    const guest = { ...access, token: 'guest-token' }
    await using nobody = follow(guest, { service: 'guarded' })
    await eventually(() => nobody.errors.length > 0, limitMs)
    const scope = 'in API group "discovery.k8s.io" in the namespace "default"'
    const said = `endpointslices.discovery.k8s.io is forbidden: User "guest" cannot list resource "endpointslices" ${scope}`
    assert.equal(nobody.errors[0], `kubernetes at ${access.url} answered 403: ${said}: ${missing('list')}`)
    await using refused = kubernetesRegistrar(guest)
    const registration = refused.register('guarded', instanceOf(1))
    await eventually(() => registration.error !== undefined, limitMs)
    assert.match(
      registration.error?.message ?? '',
      new RegExp(`cannot patch resource .*: ${missing('create and patch')}$`),
    )

    await client.account('lister', ['list'])
    await using blind = follow({ ...access, token: await client.tokenOf('lister') }, { service: 'guarded' })
    await eventually(() => blind.errors.length > 0, limitMs)
    assert.match(blind.errors[0] ?? '', new RegExp(`${missing('watch')}$`))

    await client.account('reader', ['list', 'watch'])
    await client.account('announcer', verbsOfRegistrar)
    await using reader = follow({ ...access, token: await client.tokenOf('reader') }, { service: 'guarded' })
    await using registrar = kubernetesRegistrar({ ...access, token: await client.tokenOf('announcer') })
    const allowed = registrar.register('guarded', instanceOf(1))
    await knows(reader.instancer, '10.0.0.1:80')
    await allowed.close()
    await knows(reader.instancer)
    assert.deepEqual(reader.errors, [])
  })

  it('shows a certificate in place of a token, and trusts no other authority', async () => {
    await client.allow('client', [...verbsOfRegistrar, 'watch'], 'User')
    const tls = { ca: access.tls.ca, cert: pem('client'), key: pem('client-key') }
    await using registrar = kubernetesRegistrar({ url: access.url, tls })
    await registrar.register('sealed', instanceOf(1)).registered
    await using it = follow({ url: access.url }, { service: 'sealed', tls })
    await knows(it.instancer, '10.0.0.1:80')
    await using stranger = follow({ ...access, tls: { ca: String(pem('ca')) } }, { service: 'sealed' })
    await eventually(() => stranger.errors.length > 0, limitMs)
    assert.match(stranger.errors[0] ?? '', /the authority is not trusted/)
  })

  it('does without a process that was killed while others renew, and removes what was left long ago', async () => {
    const module = (name: string) => new URL(`../../src/discovery/kubernetes/${name}.ts`, import.meta.url)
    const program = `
      import { kubernetesRegistrar } from '${module('registrar')}'
      const registrar = kubernetesRegistrar({ ...JSON.parse(process.argv[1]), ttlMs: 1_500 })
      await registrar.register('mortal', { id: 'killed', address: '10.0.0.2:80' }).registered
      console.log('registered')
      setInterval(() => {}, 1e6)`
    await using it = follow(access, { service: 'mortal' })
    await client.put(
      ownSlice('mortal', { id: 'old', address: '10.0.0.9:80' }, { ttlMs: 1_500, portName: '', pod: undefined }, 0),
    )
    await knows(it.instancer, '10.0.0.9:80')
    await using registrar = kubernetesRegistrar({ ...access, ttlMs: 1_500, backoff: soon })
    await registrar.register('mortal', instanceOf(1)).registered
    await knows(it.instancer, '10.0.0.1:80')
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(access)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(child.stdout, 'data')
      await knows(it.instancer, '10.0.0.1:80', '10.0.0.2:80')
      await systemClock.sleep(3_000)
      await knows(it.instancer, '10.0.0.1:80', '10.0.0.2:80')
    } finally {
      child.kill('SIGKILL')
    }
    await knows(it.instancer, '10.0.0.1:80')
    const names = (await client.slices('mortal')).map(({ metadata }) => metadata.name)
    assert.deepEqual(names, [sliceName('mortal', 'i1'), sliceName('mortal', 'killed')].toSorted())
    // A caller that begins now does not call it at all.
    await using late = follow(access, { service: 'mortal' })
    await systemClock.sleep(3_000)
    await knows(late.instancer, '10.0.0.1:80')
    await client.hold('mortal', [])
  })

  it('outlives one that is killed and comes back, and tells it no more than it must', async () => {
    await using own = await ownServer(kubeApiserver)
    await using told = new KubeClient(own.addresses)
    await using front = await through(told.access)
    await using registrar = kubernetesRegistrar({ url: front.url, ttlMs: 3_000 })
    await using it = follow({ ...told.access }, { service: 'lost' })
    const counts: number[] = []
    it.instancer.subscribe(({ instances }) => counts.push(instances?.length ?? 0))
    const registrations = Array.from({ length: 50 }, (_, n) => registrar.register('lost', instanceOf(n)))
    const all = registrations.map(({ instance }) => instance.address).toSorted()
    const isWell = () => registrations.every(({ state }) => state === 'registered')
    const knowsAll = async () => {
      await eventually(isWell, limitMs)
      await eventually(() => {
        assert.equal(it.instancer.current.error, undefined)
        assert.deepEqual(addressesOf(it.instancer)?.toSorted(), all)
      }, limitMs)
    }
    await knowsAll()
    for (let turn = 0; turn < 2; turn++) {
      await own.crash()
      await eventually(() => it.instancer.current.error !== undefined, limitMs)
      assert.deepEqual(addressesOf(it.instancer)?.toSorted(), all)
      await eventually(() => registrations.every(({ state }) => state === 'failing'), limitMs)
      const [at, before] = [systemClock.now(), front.front.came(`${slicesPath()}/`)]
      // Longer than a TTL: nobody is blamed for what he could not say.
      await systemClock.sleep(4_000)
      await own.restart()
      await knowsAll()
      const [seconds, requests] = [(systemClock.now() - at) / 1_000, front.front.came(`${slicesPath()}/`) - before]
      assert.ok(requests <= registrations.length * (seconds + 3), `${requests} requests in ${seconds} s`)
    }
    await systemClock.sleep(4_000)
    assert.deepEqual(new Set(counts.slice(counts.indexOf(all.length))), new Set([all.length]))
  })

  it('lists again when what it knew is too old, in a watch and between two pages', async () => {
    await using own = await ownServer(kubeApiserver)
    await using told = new KubeClient(own.addresses)
    const many = Array.from({ length: 600 }, (_, n) => ({ id: `m${n}`, address: `10.1.${n >> 8}.${n & 255}:80` }))
    const forever = { ttlMs: 2 ** 31 - 1, portName: '', pod: undefined }
    for (const instance of many) await told.put(ownSlice('much', instance, forever, systemClock.wallNow()))
    const forget = async () => {
      await told.remove(sliceName('much', 'm0'))
      await told.put(ownSlice('much', many[0] as Instance, forever, systemClock.wallNow()))
      await compact(own.addresses['etcd'])
      await own.crash()
      await own.restart()
    }
    // Whoever asks again meanwhile waits for the same.
    const once = () => {
      let forgetting: Promise<void> | undefined
      return () => (forgetting ??= forget())
    }
    const [forgetAtPage, forgetAtWatch] = [once(), once()]
    const asked: string[] = []
    const statuses: number[] = []
    let ends = Promise.withResolvers<void>()
    await using front = await through(told.access, (backend) => async (request) => {
      const isWatch = request.path.includes('watch=1')
      if (request.path.includes('continue=')) await forgetAtPage()
      // The second watch comes when all is forgotten; what a watch says before its end is passed on.
      if (asked.filter((path) => path.includes('watch=1')).length === 1 && isWatch) await forgetAtWatch()
      asked.push(request.path)
      const reply = await backend(request)
      statuses.push(reply.status)
      const until = async function* () {
        const pieces = (reply.more ?? (async function* () {})())[Symbol.asyncIterator]()
        for (;;) {
          const next = await Promise.race([pieces.next(), ends.promise])
          if (next === undefined || next.done) return
          yield next.value
        }
      }
      return isWatch ? { ...reply, more: until() } : reply
    })
    await using it = follow({ url: front.url }, { service: 'much', timeoutMs: 60_000 })
    await eventually(() => it.instancer.current.instances?.length === 600, limitMs)
    // A first page, what followed on it and was too old, and all at once.
    assert.deepEqual(statuses.slice(0, 3), [200, 410, 200])
    await eventually(() => asked.at(-1)?.includes('watch=1') === true)
    const lists = () => asked.filter((path) => !path.includes('watch=1')).length
    const before = lists()
    ends.resolve()
    ends = Promise.withResolvers()
    await eventually(() => lists() > before, limitMs)
    await told.remove(sliceName('much', 'm1'))
    await eventually(() => it.instancer.current.instances?.length === 599, limitMs)
    assert.deepEqual(it.errors, [])
  })

  it('does not keep a process that has nothing else to do', async () => {
    const module = (name: string) => new URL(`../../src/discovery/kubernetes/${name}.ts`, import.meta.url)
    const program = `
      import { kubernetesInstancer } from '${module('instancer')}'
      import { kubernetesRegistrar } from '${module('registrar')}'
      const access = JSON.parse(process.argv[1])
      await kubernetesRegistrar({ ...access, ttlMs: 2_000 }).register('brief', { id: 'one', address: '10.0.0.1:80' }).registered
      const known = Promise.withResolvers()
      kubernetesInstancer({ ...access, service: 'brief' }).subscribe(({ instances }) => known.resolve(instances))
      console.log((await known.promise)[0].address)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(access)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      assert.deepEqual([said, status], ['10.0.0.1:80\n', 0])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
