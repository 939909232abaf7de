// Instancer and registrar with a real ZooKeeper: servers that are killed, forget or are cut off, sessions that expire, users, certificates, and processes that end.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import { worldAcl } from '../../src/discovery/zookeeper/acl.ts'
import { zookeeperInstancer } from '../../src/discovery/zookeeper/instancer.ts'
import { addNode, exists, getChildren, removeNode } from '../../src/discovery/zookeeper/operation.ts'
import { zookeeperRegistrar } from '../../src/discovery/zookeeper/registrar.ts'
import { balancedClient } from '../../src/presets/balanced-client.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { TcpFront } from '../discovery/tcp-front.ts'
import { measureChanges } from '../discovery/zookeeper-change.ts'
import { TestLink } from '../discovery/zookeeper-link.ts'
import { pem } from '../platform/http-servers.ts'
import { unusedPort } from '../platform/receivers.ts'
import { Fleet } from '../scenarios/discovery/fleet.ts'
import { fleet } from '../scenarios/discovery/fleet-instance.ts'
import { SteadyLoad } from '../scenarios/discovery/steady-load.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { zkCli } from '../servers/zookeeper/command-line.ts'
import { zookeeper } from '../servers/zookeeper/zookeeper.ts'

const limitMs = 20_000
const soon = { initialMs: 50, maxMs: 500 }

const instanceOf = (n: number): Instance => ({ id: `i${n}`, address: `10.0.0.${n}:80` })
const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address)

/** Resolves when these addresses are known, and the registry works. */
async function knows(instancer: Instancer, ...addresses: readonly string[]): Promise<void> {
  await eventually(() => {
    assert.equal(instancer.current.error, undefined)
    assert.deepEqual(addressesOf(instancer), addresses)
  }, limitMs)
}

const targetOf = (address: string) => {
  const [host = '', port] = address.split(':')
  return { host, port: Number(port) }
}

describe('discovery with ZooKeeper', { ...skipUnless('zookeeper'), timeout: 180_000 }, () => {
  it('brings a caller and a service together, and says all that there is to say', async () => {
    const servers = addressOf('zookeeper')
    await using registrar = zookeeperRegistrar({ servers })
    await using instancer = zookeeperInstancer({ service: 'to/gether', servers })
    instancer.subscribe(() => {})
    const whole = {
      id: 'a/1',
      address: '[2001:db8::1]:80',
      weight: 0.5,
      priority: 2,
      zone: 'z1',
      tags: ['v2', 'größe'],
      metadata: { version: '2.1' },
    }
    const one = registrar.register('to/gether', whole)
    const other = registrar.register('to/gether', instanceOf(2))
    await Promise.all([one.registered, other.registered])
    await knows(instancer, '[2001:db8::1]:80', '10.0.0.2:80')
    assert.deepEqual(instancer.current.instances?.[0], whole)
    const read = await zkCli(addressOf('zookeeper', 'jars'), servers, 'get', '-s', '/services/to%2fgether/a%2f1')
    assert.deepEqual(JSON.parse(read.split('\n')[0] ?? ''), whole)
    assert.match(read, /ephemeralOwner = 0x[1-9a-f]/)
    await one.close()
    await knows(instancer, '10.0.0.2:80')
  })

  it('finds what others have written, as ZooKeeper itself writes it', async () => {
    const servers = addressOf('zookeeper')
    const jars = addressOf('zookeeper', 'jars')
    await using instancer = zookeeperInstancer({ service: 'foreign', servers })
    instancer.subscribe(() => {})
    await knows(instancer)
    await using admin = await TestLink.open({ servers })
    const base = { data: Buffer.alloc(0), acl: worldAcl, mode: 'persistent' } as const
    for (const path of ['/services', '/services/foreign']) await admin.link.request(addNode({ ...base, path }))
    await zkCli(jars, servers, 'create', '-s', '/services/foreign/gokit', '10.0.0.1:8080')
    await knows(instancer, '10.0.0.1:8080')
    assert.equal(instancer.current.instances?.[0]?.id, 'gokit0000000000')
    const spring = '{"name":"foreign","id":"u1","address":"10.0.0.2","port":8080,"payload":{"metadata":{"zone":"a"}}}'
    await zkCli(jars, servers, 'create', '/services/foreign/u1', spring)
    await knows(instancer, '10.0.0.1:8080', '10.0.0.2:8080')
    await zkCli(jars, servers, 'set', '/services/foreign/u1', spring.replace('10.0.0.2', '10.0.0.3'))
    await knows(instancer, '10.0.0.1:8080', '10.0.0.3:8080')
    await zkCli(jars, servers, 'deleteall', '/services/foreign')
    await knows(instancer)
  })

  it('outlives a server that is killed and comes back, within its session', async () => {
    await using own = await ownServer(zookeeper)
    const servers = own.addresses['url'] as string
    await using registrar = zookeeperRegistrar({ servers, backoff: soon, sessionTimeoutMs: 20_000 })
    await using instancer = zookeeperInstancer({ service: 'lost', servers, backoff: soon, recoveryMs: 0 })
    const counts: number[] = []
    const subscription = instancer.subscribe(({ instances }) => counts.push(instances?.length ?? 0))
    const registrations = [1, 2].map((n) => registrar.register('lost', instanceOf(n)))
    await Promise.all(registrations.map(({ registered }) => registered))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    counts.length = 0
    for (let turn = 0; turn < 2; turn++) {
      await own.crash()
      await eventually(() => instancer.current.error !== undefined)
      assert.deepEqual(addressesOf(instancer), ['10.0.0.1:80', '10.0.0.2:80'])
      await own.restart()
      await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    }
    // Although nothing is held back: the nodes were there all the while, and nobody made them anew.
    assert.deepEqual(new Set(counts), new Set([2]))
    assert.ok(registrations.every(({ state }) => state === 'registered'))
    await registrations[0]?.close()
    await knows(instancer, '10.0.0.2:80')
    subscription[Symbol.dispose]()
  })

  it('outlives a server that comes back without its memory, which refuses the sessions of before without a word', async () => {
    await using own = await ownServer(zookeeper)
    const servers = own.addresses['url'] as string
    const options = { servers, backoff: soon, sessionTimeoutMs: 1_500 }
    await using registrar = zookeeperRegistrar(options)
    await using instancer = zookeeperInstancer({ service: 'wiped', ...options })
    instancer.subscribe(() => {})
    const registrations = [1, 2].map((n) => registrar.register('wiped', instanceOf(n)))
    await Promise.all(registrations.map(({ registered }) => registered))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await own.crash()
    await rm(own.addresses['data'] as string, { recursive: true })
    await own.restart()
    // One who knows nothing of before is served at once; the sessions of before are given up when their time is over.
    await using admin = await TestLink.open({ servers })
    const listed = async () => (await admin.link.request(getChildren('/services/wiped', false)))?.toSorted()
    await eventually(async () => assert.deepEqual(await listed(), ['i1', 'i2']), limitMs)
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    assert.ok(registrations.every(({ state }) => state === 'registered'))
  })

  it('announces anew when a session has expired, and says meanwhile that it fails', async () => {
    const servers = addressOf('zookeeper')
    await using front = await TcpFront.open(targetOf(servers), systemClock)
    await using admin = await TestLink.open({ servers })
    await using instancer = zookeeperInstancer({ service: 'expired', servers })
    instancer.subscribe(() => {})
    const states: string[] = []
    await using registrar = zookeeperRegistrar({
      servers: front.address,
      sessionTimeoutMs: 1_000,
      backoff: soon,
      timeoutMs: 1_000,
      onChange: ({ registration }) => states.push(registration.state),
    })
    await registrar.register('expired', instanceOf(1)).registered
    await knows(instancer, '10.0.0.1:80')
    const ownerOf = async () => (await admin.link.request(exists('/services/expired/i1', false)))?.ephemeralOwner
    const before = await ownerOf()
    await front.stop()
    await knows(instancer)
    await eventually(() => states.at(-1) === 'failing', limitMs)
    await front.start()
    await knows(instancer, '10.0.0.1:80')
    await eventually(() => assert.deepEqual(states, ['registered', 'failing', 'registered']), limitMs)
    assert.notEqual(await ownerOf(), before)
    assert.deepEqual(await admin.link.request(getChildren('/services/expired', false)), ['i1'])
  })

  it('notices a network that is silent, and is there again when it speaks', async () => {
    const servers = addressOf('zookeeper')
    await using front = await TcpFront.open(targetOf(servers), systemClock)
    const options = { servers: front.address, sessionTimeoutMs: 1_500, connectTimeoutMs: 500, backoff: soon }
    await using registrar = zookeeperRegistrar(options)
    await using instancer = zookeeperInstancer({ service: 'silent', ...options })
    instancer.subscribe(() => {})
    await registrar.register('silent', instanceOf(1)).registered
    await knows(instancer, '10.0.0.1:80')
    front.silence(true)
    await eventually(() => instancer.current.error !== undefined, limitMs)
    assert.match(instancer.current.error?.message ?? '', /it was silent for 1s|granted no session within 500ms/)
    front.silence(false)
    // The registrar may still be on its way back, which ends without a word: who comes now needs both.
    await registrar.register('silent', instanceOf(2)).registered
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
  })

  it('takes the place of its earlier self, and leaves that of others alone', async () => {
    const servers = addressOf('zookeeper')
    await using before = await TestLink.open({ servers, sessionTimeoutMs: 60_000 })
    await using registrar = zookeeperRegistrar({ servers, backoff: soon })
    await registrar.register('again', instanceOf(9)).registered
    const place = { acl: worldAcl, mode: 'ephemeral', path: '/services/again/i1' } as const
    await before.link.request(addNode({ ...place, data: Buffer.from('{"id":"i1","address":"10.0.0.1:80"}') }))
    const registration = registrar.register('again', instanceOf(1))
    await registration.registered
    const owner = (await before.link.request(exists(place.path, false)))?.ephemeralOwner
    assert.notEqual(owner, before.link.sessionId)
    await registration.close()
    await before.link.request(addNode({ ...place, data: Buffer.from('{"id":"i1","address":"10.0.0.7:80"}') }))
    const waiting = registrar.register('again', instanceOf(1))
    await eventually(() => waiting.error !== undefined)
    assert.match(
      waiting.error?.message ?? '',
      /i1 is there, for an instance at 10\.0\.0\.7:80, and goes with its session$/,
    )
    await before.link.request(removeNode(place.path, -1))
    await waiting.registered
  })

  it('is for those who have the same user and password', async () => {
    const servers = addressOf('zookeeper')
    const auth = { user: 'ada', password: 'hush' }
    const path = '/guarded'
    await using registrar = zookeeperRegistrar({ servers, path, ...auth })
    await registrar.register('secret', instanceOf(1)).registered
    await using reader = zookeeperInstancer({ service: 'secret', servers, path, ...auth })
    reader.subscribe(() => {})
    await knows(reader, '10.0.0.1:80')
    const messageOf = async (instancer: Instancer) => {
      instancer.subscribe(() => {})
      await eventually(() => instancer.current.error !== undefined)
      return instancer.current.error?.message
    }
    for (const each of [undefined, { user: 'ada', password: 'guess' }]) {
      await using stranger = zookeeperInstancer({ service: 'secret', servers, path, ...each })
      const refused = 'getChildren /guarded/secret: the ACL of the node does not allow it (user, password) (-102)'
      assert.equal(await messageOf(stranger), refused)
      await using intruder = zookeeperRegistrar({ servers, path, ...each })
      const registration = intruder.register('secret', instanceOf(2))
      await eventually(() => registration.error !== undefined)
      assert.match(
        registration.error?.message ?? '',
        /^create \/guarded\/secret\/i2: the ACL of the node does not allow it/,
      )
    }
    // Others may read where they are allowed to, and only that.
    const acl = [
      ...worldAcl.map((entry) => ({ ...entry, permissions: 'r' })),
      { scheme: 'auth', id: '', permissions: 'cdrwa' },
    ]
    await using open = zookeeperRegistrar({ servers, path: '/shown', ...auth, acl })
    await open.register('shown', instanceOf(1)).registered
    await using anybody = zookeeperInstancer({ service: 'shown', servers, path: '/shown' })
    anybody.subscribe(() => {})
    await knows(anybody, '10.0.0.1:80')
    await using admin = await TestLink.open({ servers })
    await assert.rejects(admin.link.request(removeNode('/shown/shown/i1', -1)), { code: 'permission_denied' })
  })

  it('begins all paths at a chroot', async () => {
    const servers = addressOf('zookeeper')
    await using registrar = zookeeperRegistrar({ servers: `${servers}/apps/one` })
    await registrar.register('rooted', instanceOf(1)).registered
    await using here = zookeeperInstancer({ service: 'rooted', servers, chroot: '/apps/one' })
    await using elsewhere = zookeeperInstancer({ service: 'rooted', servers })
    for (const instancer of [here, elsewhere]) instancer.subscribe(() => {})
    await knows(here, '10.0.0.1:80')
    await knows(elsewhere)
    await using admin = await TestLink.open({ servers })
    assert.deepEqual(await admin.link.request(getChildren('/apps/one/services/rooted', false)), ['i1'])
  })

  it('reads of a thousand instances only what has changed', async (t) => {
    const server = addressOf('zookeeper')
    const { first, joins, changes, leaves } = await measureChanges({ server, instances: 1_000, rounds: 20 })
    const medianOf = (values: readonly number[]) =>
      values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0
    for (const [name, { bytes, latencyMs }] of Object.entries({ first, joins, changes, leaves }))
      t.diagnostic(`${name}: ${medianOf(bytes)} bytes, ${medianOf(latencyMs).toFixed(2)} ms`)
    // Names are listed again, as the registry tells of no difference; data are not.
    const listed = 1_020 * (4 + 5) + 500
    assert.ok(Math.max(...joins.bytes, ...leaves.bytes) < listed, `at most ${listed} bytes`)
    assert.ok(Math.max(...changes.bytes) < 500)
  })

  it('goes to another server where one is dead, also while it is connected', async () => {
    const servers = addressOf('zookeeper')
    await using dying = await TcpFront.open(targetOf(servers), systemClock)
    const dead = `127.0.0.1:${await unusedPort()}`
    const options = { servers: [dead, dying.address, servers], backoff: soon }
    await using registrar = zookeeperRegistrar(options)
    await using instancers = new AsyncDisposableStack()
    const all = Array.from({ length: 6 }, () => instancers.use(zookeeperInstancer({ service: 'several', ...options })))
    for (const instancer of all) instancer.subscribe(() => {})
    const registration = registrar.register('several', instanceOf(1))
    await registration.registered
    for (const instancer of all) await knows(instancer, '10.0.0.1:80')
    await dying.stop()
    await registrar.register('several', instanceOf(2)).registered
    for (const instancer of all) await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    assert.equal(registration.state, 'registered')
  })

  it('is encrypted, and only with whom it should', async () => {
    const servers = addressOf('zookeeper', 'secure')
    const tls = { ca: pem('ca') }
    await using registrar = zookeeperRegistrar({ servers, tls })
    await registrar.register('encrypted', instanceOf(1)).registered
    await using instancer = zookeeperInstancer({ service: 'encrypted', servers, tls })
    instancer.subscribe(() => {})
    await knows(instancer, '10.0.0.1:80')
    await using other = zookeeperInstancer({ service: 'encrypted', servers, tls: { ...tls, serverName: 'other.test' } })
    other.subscribe(() => {})
    await eventually(() => other.current.error !== undefined)
    assert.match(other.current.error?.message ?? '', /other\.test/)
  })

  it('does not keep a process that has nothing else to do', async () => {
    const program = `
      import { zookeeperInstancer } from '${new URL('../../src/discovery/zookeeper/instancer.ts', import.meta.url)}'
      import { zookeeperRegistrar } from '${new URL('../../src/discovery/zookeeper/registrar.ts', import.meta.url)}'
      const servers = '${addressOf('zookeeper')}'
      const ended = zookeeperRegistrar({ servers })
      await ended.register('ended', { id: 'one', address: '10.0.0.1:80' }).registered
      await ended[Symbol.asyncDispose]()
      await zookeeperRegistrar({ servers }).register('brief', { id: 'one', address: '10.0.0.1:80' }).registered
      const known = Promise.withResolvers()
      zookeeperInstancer({ service: 'brief', servers }).subscribe(({ instances }) => known.resolve(instances))
      console.log((await known.promise)[0].address)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      assert.deepEqual([said, status], ['10.0.0.1:80\n', 0])
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('lets no call fail while its server is killed and comes back', async () => {
    await using stack = new AsyncDisposableStack()
    const own = stack.use(await ownServer(zookeeper))
    const servers = own.addresses['url'] as string
    const processes = stack.use(new Fleet({}))
    const names = ['a', 'b', 'c']
    const all = await Promise.all(names.map((name) => processes.start(name)))
    const registrar = stack.use(zookeeperRegistrar({ servers, backoff: soon, sessionTimeoutMs: 3_000 }))
    const registrations = all.map(({ name, address }) => registrar.register('fleet', { id: name, address }))
    await Promise.all(registrations.map(({ registered }) => registered))
    const sets: number[] = []
    const onChange = ({ instances }: { readonly instances: readonly unknown[] | undefined }) =>
      void sets.push(instances?.length ?? -1)
    const instancer = stack.use(zookeeperInstancer({ service: 'fleet', servers, backoff: soon, onChange }))
    const client = stack.use(balancedClient(fleet, { instancer, whenEmpty: 'wait' }))
    const load = stack.use(
      new SteadyLoad({ client, callsPerSecond: 200, method: (id) => (id % 2 === 0 ? 'look' : 'book') }),
    )
    const flows = async () => {
      const before = new Map(load.answers)
      await eventually(
        () => names.every((name) => (load.answers.get(name) ?? 0) > (before.get(name) ?? 0) + 20),
        limitMs,
      )
    }
    const addresses = all.map(({ address }) => address)
    await knows(instancer, ...addresses)
    for (let turn = 0; turn < 2; turn++) {
      await flows()
      await own.crash()
      await eventually(() => instancer.current.error !== undefined, limitMs)
      assert.equal(instancer.current.instances?.length, names.length)
      await flows()
      await own.restart()
      await knows(instancer, ...addresses)
      await flows()
    }
    assert.deepEqual(
      sets.filter((count) => count !== names.length),
      [],
      'nobody was ever missed',
    )
    await registrations[0]?.close()
    await all[0]?.end()
    await eventually(() => instancer.current.instances?.length === 2, 70_000)
    await load.stop()
    assert.deepEqual(load.troubles, {})
  })
})
