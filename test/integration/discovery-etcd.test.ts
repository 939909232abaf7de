// Discovery with real etcd, old and new: what it keeps, who may, what others write there, and its end and return.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { etcdInstancer } from '../../src/discovery/etcd/instancer.ts'
import { etcdRegistrar } from '../../src/discovery/etcd/registrar.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { AgentFront, streamsAt } from '../discovery/agent-front.ts'
import { pem } from '../platform/http-servers.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { EtcdClient, passwordOf } from '../servers/etcd/client.ts'
import { etcd } from '../servers/etcd/etcd.ts'
import { etcdLike } from '../servers/etcd/launch-etcd.ts'
import { etcd34 } from '../servers/etcd-3-4/etcd-3-4.ts'
import { ownServer } from '../servers/own-server.ts'

const limitMs = 30_000
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

/** What the first failure says. */
async function failureOf(instancer: Instancer): Promise<string> {
  using _ = instancer.subscribe(() => {})
  return await eventually(() => instancer.current.error?.message ?? false, limitMs)
}

// Most of their time they wait.
describe('discovery with etcd, old and new', { concurrency: 2 }, () => {
  for (const server of [etcd, etcd34])
    describe(server.name, { ...skipUnless(server.name), concurrency: 1, timeout: 180_000 }, () => {
      it('brings a caller and a service together, and says all that there is to say', async () => {
        const url = addressOf(server.name)
        await using registrar = etcdRegistrar({ url, path: '/tests' })
        await using instancer = etcdInstancer({ service: 'together', url, path: '/tests' })
        instancer.subscribe(() => {})
        const whole = { weight: 0.5, priority: 2, zone: 'z1', tags: ['v2'], metadata: { version: '2.1' } }
        const instance = { id: 'a/1 ä', address: '[2001:db8::1]:80', ...whole }
        const one = registrar.register('together', instance)
        await registrar.register('togethersvc2', instanceOf(2)).registered
        await one.registered
        await knows(instancer, '[2001:db8::1]:80')
        assert.deepEqual(instancer.current.instances, [instance])
        await one.close()
        await knows(instancer)
      })

      it("reads what Go kit and gRPC's naming write there, and tells what nobody can read", async () => {
        const url = addressOf(server.name)
        const client = new EtcdClient(url)
        await client.hold('mixed/', [])
        const leftOut: string[] = []
        const onLeftOut = ({ entry }: { readonly entry: string }) => void leftOut.push(entry)
        await using instancer = etcdInstancer({ service: 'mixed', url, path: '', onLeftOut })
        instancer.subscribe(() => {})
        await client.hold('mixed/', [
          ['mixed/10.0.0.1:80', 'http://10.0.0.1:80'],
          ['mixed/e1', '{"Op":0,"Addr":"10.0.0.2:80","Metadata":{"zone":"a"}}'],
          ['mixed/odd', '\u0000'],
        ])
        await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
        assert.deepEqual(leftOut, ['mixed/odd'])
      })

      it('waits by one watch while nothing changes, and reads of a thousand what changes', async () => {
        const url = addressOf(server.name)
        const client = new EtcdClient(url)
        await using front = await AgentFront.open(streamsAt(url), systemClock)
        const pairs = Array.from(
          { length: 1_000 },
          (_, at) => [`/services/quiet/${1_000 + at}`, '10.0.0.1:80'] as const,
        )
        await client.hold('/services/quiet/', pairs)
        await using instancer = etcdInstancer({ service: 'quiet', url: front.url })
        instancer.subscribe(() => {})
        await eventually(() => instancer.current.instances?.length === 1_000, limitMs)
        await eventually(() => front.requests === 1 && front.came('/v3/watch') === 1)
        await systemClock.sleep(1_500)
        await client.change([['/services/quiet/1500', '10.0.0.9:80']])
        await eventually(() => instancer.current.instances?.[500]?.address === '10.0.0.9:80', limitMs)
        assert.deepEqual([front.came('/v3/kv/range'), front.came('/v3/watch')], [2, 1])
        await instancer[Symbol.asyncDispose]()
        await eventually(() => front.sockets.size === 0)
        await client.hold('/services/quiet/', [])
      })

      it('loses nothing of much that changed while it was cut off', async () => {
        const url = addressOf(server.name)
        const client = new EtcdClient(url)
        const fronts = [
          await AgentFront.open(streamsAt(url), systemClock),
          await AgentFront.open(streamsAt(url), systemClock),
        ]
        const [one, other] = fronts as [AgentFront, AgentFront]
        await client.hold('/services/much/', [])
        const errors: unknown[] = []
        await using instancer = etcdInstancer({
          service: 'much',
          url: fronts.map((front) => front.url),
          onError: (event) => errors.push(event),
        })
        instancer.subscribe(() => {})
        await eventually(() => one.came('/v3/watch') === 1, limitMs)
        // One message of it all would be larger than etcd sends: it comes in fragments.
        const metadata = { long: 'x'.repeat(12_000) }
        for (let at = 0; at < 400; at += 50) {
          const some = Array.from({ length: 50 }, (_, n) => `i${1_000 + at + n}`)
          const values = some.map((id) => JSON.stringify({ id, address: '10.0.0.1:80', metadata }))
          if (at === 50) await one.stop()
          await client.change(some.map((id, n) => [`/services/much/${id}`, values[n] ?? ''] as const))
        }
        await eventually(() => instancer.current.instances?.length === 400, limitMs)
        assert.deepEqual([errors, one.came('/v3/kv/range'), other.came('/v3/kv/range')], [[], 1, 0])

        // What is compacted while a watch is silent, or cut off, is listed again.
        await client.change([['/elsewhere', 'x']])
        await client.change([], ['/elsewhere', '/services/much/i1000'])
        await one.start()
        await eventually(() => instancer.current.instances?.length === 399, limitMs)
        const stopped = other.stop()
        // 3.4 does not tell what was removed at the very revision that it is compacted to.
        await client.change([], ['/services/much/i1001'])
        await client.compact()
        await stopped
        await eventually(() => instancer.current.instances?.length === 398, limitMs)
        assert.deepEqual(errors, [])
        await instancer[Symbol.asyncDispose]()
        for (const front of fronts) await front[Symbol.asyncDispose]()
        await client.hold('/services/much/', [])
      })

      for (const isForgetful of [false, true])
        it(`outlives one that is killed and comes back ${isForgetful ? 'without' : 'with'} its memory`, async () => {
          await using own = await ownServer(etcdLike(server, { isForgetful }))
          const url = own.addresses['url'] as string
          await using registrar = etcdRegistrar({ url, backoff: soon, ttlMs: 3_000 })
          await using instancer = etcdInstancer({ service: 'lost', url, backoff: soon })
          const counts: number[] = []
          instancer.subscribe(({ instances }) => counts.push(instances?.length ?? 0))
          const registrations = Array.from({ length: 50 }, (_, n) => registrar.register('lost', instanceOf(n)))
          const all = registrations.map(({ instance }) => instance.address).toSorted()
          const knowsAll = () =>
            eventually(() => {
              assert.equal(instancer.current.error, undefined)
              assert.deepEqual(addressesOf(instancer)?.toSorted(), all)
            }, limitMs)
          await knowsAll()
          for (let turn = 0; turn < 2; turn++) {
            await own.crash()
            await eventually(() => instancer.current.error !== undefined)
            assert.deepEqual(addressesOf(instancer)?.toSorted(), all)
            await eventually(() => registrations.every(({ state }) => state === 'failing'), limitMs)
            await own.restart()
            await knowsAll()
            await eventually(() => registrations.every(({ state }) => state === 'registered'), limitMs)
            const there = await new EtcdClient(url).pairs('/services/lost/')
            assert.equal(there.length, registrations.length)
          }
          // Once all were there, the one that had forgotten them took none away.
          assert.deepEqual(new Set(counts.slice(counts.indexOf(all.length))), new Set([all.length]))
        })

      it('does not storm one that comes back', async () => {
        await using own = await ownServer(etcdLike(server, { isForgetful: true }))
        const url = own.addresses['url'] as string
        await using front = await AgentFront.open(streamsAt(url), systemClock)
        await using registrar = etcdRegistrar({ url: front.url, ttlMs: 3_000 })
        const registrations = Array.from({ length: 100 }, (_, n) => registrar.register('storm', instanceOf(n)))
        const isWell = () => registrations.every(({ state }) => state === 'registered')
        await eventually(isWell, limitMs)
        const before = ['grant', 'keepalive'].map((path) => front.came(`/v3/lease/${path}`))
        assert.equal(before[0], registrations.length)
        await own.crash()
        await eventually(() => registrations.every(({ state }) => state === 'failing'), limitMs)
        const at = systemClock.now()
        await systemClock.sleep(3_000)
        await own.restart()
        await eventually(isWell, limitMs)
        const seconds = (systemClock.now() - at) / 1_000
        const grants = front.came('/v3/lease/grant') - (before[0] ?? 0)
        // Each one by its back-off of a second and more, and not all at once again.
        assert.ok(grants <= registrations.length * (seconds + 2), `${grants} in ${seconds} s`)
      })

      it('knows who it is, and gets a new token when etcd has forgotten the last one', async () => {
        await using own = await ownServer(server)
        const url = own.addresses['url'] as string
        const client = new EtcdClient(url)
        await client.guard({ app: '/services/', other: '/other/' })
        const root = await client.as('root', passwordOf('root'))
        const as = (user: string) => ({ url, user, password: passwordOf(user), backoff: soon })
        await using registrar = etcdRegistrar({ ...as('app'), ttlMs: 3_000 })
        await using instancer = etcdInstancer({ service: 'guarded', ...as('app'), silenceMs: 1_000 })
        instancer.subscribe(() => {})
        const registration = registrar.register('guarded', instanceOf(1))
        await registration.registered
        await knows(instancer, '10.0.0.1:80')
        const failed: string[] = []
        await using watching = registrar.register('guarded', instanceOf(2), {
          onError: ({ error }) => void failed.push(error.message),
        })
        await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
        // The tokens of a user are worth nothing once his password is another one, even where that is the same.
        await root.ask('/v3/auth/user/changepw', { name: 'app', password: passwordOf('app') })
        await systemClock.sleep(2_500)
        assert.deepEqual([failed, watching.state, instancer.current.error], [[], 'registered', undefined])
        await own.crash()
        await eventually(() => registration.state === 'failing' && instancer.current.error !== undefined, limitMs)
        await own.restart()
        await eventually(() => registration.state === 'registered', limitMs)
        // What is not named at first after an outage is kept for a while.
        await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
        await eventually(() => instancer.current.error === undefined && watching.state === 'registered', limitMs)
        await watching.close()
        await knows(instancer, '10.0.0.1:80')

        const other = etcdInstancer({ service: 'guarded', ...as('other') })
        assert.equal(
          await failureOf(other),
          `etcd at ${url} answered 403: etcdserver: permission denied (user, password)`,
        )
        const nobody = etcdInstancer({ service: 'guarded', url })
        assert.equal(
          await failureOf(nobody),
          `etcd at ${url} answered 400: etcdserver: user name is empty (user, password)`,
        )
        const wrong = etcdInstancer({ service: 'guarded', ...as('app'), password: 'sesame' })
        const refusal = 'etcdserver: authentication failed, invalid user ID or password (user "app")'
        assert.equal(await failureOf(wrong), `etcd at ${url} answered 400: ${refusal}`)
        await using stranger = etcdRegistrar(as('other'))
        const refused = stranger.register('guarded', instanceOf(3))
        await eventually(() => refused.error !== undefined, limitMs)
        assert.match(refused.error?.message ?? '', /403: etcdserver: permission denied/)
        for (const each of [other, nobody, wrong]) await each[Symbol.asyncDispose]()
      })

      it('shows a certificate where etcd asks for one', async () => {
        await using own = await ownServer(etcdLike(server, { isEncrypted: true }))
        const url = own.addresses['url'] as string
        const tls = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') }
        await using registrar = etcdRegistrar({ url, tls })
        await using instancer = etcdInstancer({ service: 'sealed', url, tls })
        instancer.subscribe(() => {})
        await registrar.register('sealed', instanceOf(1)).registered
        await knows(instancer, '10.0.0.1:80')
        await using stranger = etcdInstancer({ service: 'sealed', url, tls: { ca: pem('ca') } })
        // TLS 1.3: whether the reason is heard before the connection is closed is chance.
        assert.match(await failureOf(stranger), /certificate|was lost before it replied/)
      })

      it('says so where there is no gateway', async () => {
        await using own = await ownServer(etcdLike(server, { flags: ['--enable-grpc-gateway=false'] }))
        const url = own.addresses['url'] as string
        await using instancer = etcdInstancer({ service: 'x', url })
        const hint = '(is this etcd 3.4 or later, with --enable-grpc-gateway?)'
        assert.equal(await failureOf(instancer), `etcd at ${url} answered 404: 404 page not found ${hint}`)
      })

      it('does not keep a process that has nothing else to do', async () => {
        const program = `
        import { etcdInstancer } from '${new URL('../../src/discovery/etcd/instancer.ts', import.meta.url)}'
        import { etcdRegistrar } from '${new URL('../../src/discovery/etcd/registrar.ts', import.meta.url)}'
        const url = '${addressOf(server.name)}'
        await etcdRegistrar({ url, ttlMs: 2_000 }).register('brief', { id: 'one', address: '10.0.0.1:80' }).registered
        const known = Promise.withResolvers()
        etcdInstancer({ service: 'brief', url }).subscribe(({ instances }) => known.resolve(instances))
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
    })
})
