// Instancer and registrar with a real Eureka: leases, overrides, servers that are killed, and Spring's own clients.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { eurekaInstancer } from '../../src/discovery/eureka/instancer.ts'
import { eurekaRegistrar } from '../../src/discovery/eureka/registrar.ts'
import { registrationBody } from '../../src/discovery/eureka/registration.ts'
import { eurekaRegistry } from '../../src/discovery/eureka/registry.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { AgentFront } from '../discovery/agent-front.ts'
import { ask, eurekaAt, tell } from '../discovery/eureka-at.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { eureka } from '../servers/eureka/eureka.ts'
import { eurekaWith } from '../servers/eureka/eureka-with.ts'
import { ownServer } from '../servers/own-server.ts'

// Two servers of Java may start at once on a machine that is busy with others.
const limitMs = 60_000
const soon = { initialMs: 50, maxMs: 500 }
const pollIntervalMs = 100

const instanceOf = (n: number): Instance => ({ id: `i${n}`, address: `10.0.0.${n}:80` })
const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address)

/** Resolves when these addresses are known, and the registry works. */
async function knows(instancer: Instancer, ...addresses: readonly string[]): Promise<void> {
  await eventually(() => {
    assert.equal(instancer.current.error, undefined)
    assert.deepEqual(addressesOf(instancer)?.toSorted(), addresses)
  }, limitMs)
}

describe('discovery with Eureka', { ...skipUnless('eureka'), timeout: 240_000 }, () => {
  it('brings a caller and a service together, and says all that there is to say', async () => {
    const url = addressOf('eureka')
    await using registrar = eurekaRegistrar({ url })
    await using instancer = eurekaInstancer({ service: 'together', url, pollIntervalMs })
    instancer.subscribe(() => {})
    const metadata = { version: '2.1', empty: '', odd: ' <&>"\'é𝄞\n' }
    const whole = { weight: 0.5, priority: 2, zone: 'z1', tags: ['v2', 'a,b', ''], metadata }
    const one = registrar.register('together', { id: 'a/1', address: '[2001:db8::1]:80', ...whole })
    await one.registered
    await knows(instancer, '[2001:db8::1]:80')
    assert.deepEqual(instancer.current.instances, [{ id: 'together:a~2f~1', address: '[2001:db8::1]:80', ...whole }])

    // What those see who ask for XML, which anybody's bad metadata would spoil for all.
    const xml = await (await fetch(`${url}/apps`, { headers: { accept: 'application/xml' } })).text()
    assert.match(xml, /<instanceId>together:a~2f~1<\/instanceId>/)
    assert.match(xml, /<odd> &lt;&amp;(?:>|&gt;)(?:"|&quot;)(?:'|&apos;)é𝄞\n<\/odd>/)
    await one.close()
    await knows(instancer)
  })

  it('follows several services by one request, whose size is that of what has changed', async () => {
    const url = addressOf('eureka')
    await using front = await AgentFront.open(eurekaAt(url), systemClock)
    await using registrar = eurekaRegistrar({ url })
    const registry = eurekaRegistry({ url: `${front.url}/eureka`, pollIntervalMs })
    const services = ['one', 'two', 'three']
    await using stack = new AsyncDisposableStack()
    const instancers = services.map((service) => stack.use(eurekaInstancer({ service, registry })))
    for (const instancer of instancers) instancer.subscribe(() => {})
    const sizes = () => instancers.map(({ current }) => current.instances?.length)
    await eventually(() => assert.deepEqual(sizes(), [0, 0, 0]), limitMs)
    const registrations = services.map((service, at) => registrar.register(service, instanceOf(at)))
    await Promise.all(registrations.map(({ registered }) => registered))
    await eventually(() => assert.deepEqual(sizes(), [1, 1, 1]), limitMs)
    await registrations[1]?.close()
    await eventually(() => assert.deepEqual(sizes(), [1, 0, 1]), limitMs)
    const [deltas, all] = [front.came('/eureka/apps/delta'), front.came('/eureka/apps')]
    assert.ok(deltas >= 2 && all - deltas <= 2, `${all - deltas} full reads beside ${deltas} deltas`)
    assert.equal(front.sockets.size, 1)
    await stack.disposeAsync()
    await eventually(() => front.sockets.size === 0)
  })

  it('leaves out who is taken out of service, whose lease has ended, and who is not up', async () => {
    const url = addressOf('eureka')
    const service = 'leaving'
    await using registrar = eurekaRegistrar({ url, ttlMs: 3_000, backoff: soon })
    await using instancer = eurekaInstancer({ service, url, pollIntervalMs })
    await using all = eurekaInstancer({ service, url, pollIntervalMs, upOnly: false })
    for (const each of [instancer, all]) each.subscribe(() => {})
    const registrations = [1, 2].map((n) => registrar.register(service, instanceOf(n)))
    await Promise.all(registrations.map(({ registered }) => registered))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    const path = '/apps/LEAVING/leaving:i1'

    await tell(url, 'PUT', `${path}/status?value=OUT_OF_SERVICE`)
    await knows(instancer, '10.0.0.2:80')
    await eventually(
      () =>
        assert.deepEqual(
          all.current.instances?.map(({ weight }) => weight),
          [0, undefined],
        ),
      limitMs,
    )
    // Renewing does not bring it back.
    await systemClock.sleep(2_500)
    await knows(instancer, '10.0.0.2:80')
    assert.equal(registrations[0]?.state, 'registered')
    // Eureka does not know then what it is, and asks to be told.
    await tell(url, 'DELETE', `${path}/status`)
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await eventually(() => registrations.every(({ state }) => state === 'registered'), limitMs)

    const brief = { ttlMs: 1_000, secure: false, statusPath: '/', healthPath: '/' }
    const { instance } = registrationBody(service, instanceOf(3), brief, Date.now())
    await tell(url, 'POST', '/apps/LEAVING', { instance })
    await tell(url, 'POST', '/apps/LEAVING', { instance: { ...instance, instanceId: 'down', status: 'DOWN' } })
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80')
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
  })

  it('wins over what is registered under its id with a later time', async () => {
    const url = addressOf('eureka')
    const terms = { ttlMs: 90_000, secure: false, statusPath: '/', healthPath: '/' }
    const ahead = registrationBody('ahead', { id: 'i1', address: '10.0.0.9:80' }, terms, Date.now() + 3_600_000)
    await tell(url, 'POST', '/apps/AHEAD', ahead)
    await using instancer = eurekaInstancer({ service: 'ahead', url, pollIntervalMs })
    instancer.subscribe(() => {})
    await knows(instancer, '10.0.0.9:80')
    await using registrar = eurekaRegistrar({ url, ttlMs: 1_000 })
    const registration = registrar.register('ahead', instanceOf(1))
    await registration.registered
    await knows(instancer, '10.0.0.1:80')
    await systemClock.sleep(1_000)
    assert.equal(registration.state, 'registered')
  })

  it('outlives a server that is killed and comes back without its memory', async () => {
    await using own = await ownServer(eureka)
    const url = own.addresses['url'] as string
    await using registrar = eurekaRegistrar({ url, backoff: soon, ttlMs: 1_500 })
    await using instancer = eurekaInstancer({ service: 'lost', url, backoff: soon, pollIntervalMs })
    const counts: number[] = []
    instancer.subscribe(({ instances }) => counts.push(instances?.length ?? 0))
    const registrations = [1, 2].map((n) => registrar.register('lost', instanceOf(n)))
    await Promise.all(registrations.map(({ registered }) => registered))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await own.crash()
    await eventually(() => instancer.current.error !== undefined)
    assert.deepEqual(addressesOf(instancer), ['10.0.0.1:80', '10.0.0.2:80'])
    await eventually(() => registrations.every(({ state }) => state === 'failing'), limitMs)
    await own.restart()
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await eventually(() => registrations.every(({ state }) => state === 'registered'), limitMs)
    // Once both were there, the server that had forgotten them took neither away.
    assert.deepEqual(new Set(counts.slice(counts.indexOf(2))), new Set([2]))
  })

  it('is read by the client of Spring and reads what that registers, and goes on with the other server of a cluster', async () => {
    await using first = await ownServer(eureka)
    const firstUrl = first.addresses['url'] as string
    await using registrar = eurekaRegistrar({ url: firstUrl, ttlMs: 60_000 })
    const whole = { weight: 3, zone: 'z1', tags: ['blue'], metadata: { version: '7' } }
    await registrar.register('cluster', { ...instanceOf(1), ...whole }).registered
    // Its client registers it with the first one, and reads from there what it begins with: by Spring's code, not by ours.
    await using second = await ownServer(
      eurekaWith(
        'spring.application.name=peer',
        'eureka.client.register-with-eureka=true',
        'eureka.client.fetch-registry=true',
        `eureka.client.service-url.defaultZone=${firstUrl}/`,
        'eureka.client.initial-instance-info-replication-interval-seconds=0',
        'eureka.instance.prefer-ip-address=true',
        'eureka.instance.ip-address=127.0.0.1',
        'eureka.instance.metadata-map.zone=z2',
        'eureka.server.disable-delta=true',
      ),
    )
    const secondUrl = second.addresses['url'] as string
    const { port } = new URL(secondUrl)
    await using peers = eurekaInstancer({ service: 'peer', url: firstUrl, pollIntervalMs })
    peers.subscribe(() => {})
    await knows(peers, `127.0.0.1:${port}`)
    const [peer] = peers.current.instances ?? []
    assert.deepEqual([peer?.zone, peer?.metadata?.['management.port']], ['z2', port])
    assert.match(peer?.id ?? '', new RegExp(`:peer:${port}$`))

    const read = (await eventually(
      async () => (await ask(secondUrl, '/apps/CLUSTER/cluster:i1')) ?? false,
      limitMs,
    )) as {
      readonly instance: Readonly<Record<string, unknown>>
    }
    const { instance: written } = registrationBody(
      'cluster',
      { ...instanceOf(1), ...whole },
      { ttlMs: 60_000, secure: false, statusPath: '/livez', healthPath: '/readyz' },
      0,
    )
    for (const member of [
      'instanceId',
      'app',
      'hostName',
      'ipAddr',
      'vipAddress',
      'secureVipAddress',
      'status',
      'port',
    ])
      assert.deepEqual(read.instance[member], written[member], member)
    for (const member of ['securePort', 'homePageUrl', 'statusPageUrl', 'healthCheckUrl', 'dataCenterInfo', 'metadata'])
      assert.deepEqual(read.instance[member], written[member], member)
    const { renewalIntervalInSecs, durationInSecs } = read.instance['leaseInfo'] as Readonly<Record<string, number>>
    assert.deepEqual([renewalIntervalInSecs, durationInSecs], [20, 60])

    // The second one gives no deltas.
    await using both = eurekaRegistrar({ url: [firstUrl, secondUrl], backoff: soon, ttlMs: 1_500 })
    await using instancer = eurekaInstancer({ service: 'cluster', url: [firstUrl, secondUrl], pollIntervalMs })
    instancer.subscribe(() => {})
    const registration = both.register('cluster', instanceOf(2))
    await registration.registered
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await first.crash()
    await eventually(async () => (await ask(secondUrl, '/apps/CLUSTER/cluster:i2')) !== undefined, limitMs)
    await eventually(() => registration.state === 'registered', limitMs)
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    const third = both.register('cluster', instanceOf(3))
    await third.registered
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80')
    await both[Symbol.asyncDispose]()
    await knows(instancer, '10.0.0.1:80')
    // Its server is gone.
    await Promise.resolve(registrar[Symbol.asyncDispose]()).catch(() => {})
  })

  it('proves by user and password who asks', async () => {
    const behind = eurekaAt(addressOf('eureka'))
    const wanted = `Basic ${btoa('me:sesame')}`
    await using guard = createServer(async (request, response) => {
      if (request.headers.authorization !== wanted) return response.writeHead(401).end('who are you?')
      const { method = 'GET', url: path = '/' } = request
      const { status, body } = await behind({ method, path, body: await text(request), signal: AbortSignal.any([]) })
      return response.writeHead(status).end(body)
    }).listen(0, '127.0.0.1')
    await once(guard, 'listening')
    const url = `http://127.0.0.1:${(guard.address() as AddressInfo).port}/eureka`
    await using registrar = eurekaRegistrar({ url, user: 'me', password: () => 'sesame' })
    await registrar.register('guarded', instanceOf(1)).registered
    await using instancer = eurekaInstancer({ service: 'guarded', url, pollIntervalMs, user: 'me', password: 'sesame' })
    instancer.subscribe(() => {})
    await knows(instancer, '10.0.0.1:80')
    await using stranger = eurekaInstancer({ service: 'guarded', url, user: 'me', password: 'wrong' })
    stranger.subscribe(() => {})
    await eventually(() => stranger.current.error !== undefined)
    assert.match(stranger.current.error?.message ?? '', /answered 401: who are you\?/)
    guard.closeAllConnections()
  })

  it('does not keep a process that has nothing else to do', async () => {
    const program = `
      import { eurekaInstancer } from '${new URL('../../src/discovery/eureka/instancer.ts', import.meta.url)}'
      import { eurekaRegistrar } from '${new URL('../../src/discovery/eureka/registrar.ts', import.meta.url)}'
      const url = '${addressOf('eureka')}'
      await eurekaRegistrar({ url, ttlMs: 1_000 }).register('brief', { id: 'one', address: '10.0.0.1:80' }).registered
      const known = Promise.withResolvers()
      const instancer = eurekaInstancer({ service: 'brief', url, pollIntervalMs: 100 })
      instancer.subscribe(({ instances }) => instances?.length && known.resolve(instances))
      const wait = setInterval(() => {}, 1_000)
      console.log((await known.promise)[0].address)
      clearInterval(wait)`
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
