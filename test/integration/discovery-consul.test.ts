// Instancer and registrar with a real Consul: agents that are killed, tokens, checks, and processes that end.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { consulInstancer } from '../../src/discovery/consul/instancer.ts'
import { consulRegistrar } from '../../src/discovery/consul/registrar.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Instancer } from '../../src/discovery/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { AgentFront, agentAt } from '../discovery/agent-front.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { consul } from '../servers/consul/consul.ts'
import { ownServer } from '../servers/own-server.ts'
import type { Server } from '../servers/server.ts'

const limitMs = 20_000
const soon = { initialMs: 50, maxMs: 500 }
const root = '6c5d2ac0-0000-4000-8000-000000000001'

const instanceOf = (n: number): Instance => ({ id: `i${n}`, address: `10.0.0.${n}:80` })
const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address)

/** Resolves when these addresses are known, and the registry works. */
async function knows(instancer: Instancer, ...addresses: readonly string[]): Promise<void> {
  await eventually(() => {
    assert.equal(instancer.current.error, undefined)
    assert.deepEqual(addressesOf(instancer), addresses)
  }, limitMs)
}

/** Consul that refuses whatever it has not been told to allow. */
const guarded: Server = {
  ...consul,
  serving: {
    ...(consul.serving as NonNullable<typeof consul.serving>),
    launch: async (place) => {
      const launch = await (consul as Server).serving?.launch(place)
      const tokens = `{ initial_management = "${root}", agent = "${root}" }`
      const acl = `acl { enabled = true, default_policy = "deny", tokens ${tokens} }`
      return { ...launch, command: launch?.command ?? '', args: [...(launch?.args ?? []), `-hcl=${acl}`] }
    },
  },
}

describe('discovery with Consul', { ...skipUnless('consul'), timeout: 120_000 }, () => {
  it('brings a caller and a service together, and says all that there is to say', async () => {
    const url = addressOf('consul')
    await using registrar = consulRegistrar({ url })
    await using instancer = consulInstancer({ service: 'together', url, tags: ['prod', 'v2'] })
    instancer.subscribe(() => {})
    const whole = { weight: 0.5, priority: 2, zone: 'z1', tags: ['v2', 'prod'], metadata: { version: '2.1' } }
    const one = registrar.register('together', { id: 'a/1', address: '[2001:db8::1]:80', ...whole })
    const other = registrar.register('together', { ...instanceOf(2), tags: ['prod'] })
    await Promise.all([one.registered, other.registered])
    await knows(instancer, '[2001:db8::1]:80')
    const expected = [{ id: 'dev/together:a~2f~1', address: '[2001:db8::1]:80', ...whole }]
    assert.deepEqual(instancer.current.instances, expected)
    await one.close()
    await knows(instancer)
  })

  it('waits by one query while nothing changes, and hears of each change', async () => {
    await using front = await AgentFront.open(agentAt(addressOf('consul')), systemClock)
    await using registrar = consulRegistrar({ url: addressOf('consul') })
    await registrar.register('quiet', instanceOf(1)).registered
    await using instancer = consulInstancer({ service: 'quiet', url: front.url })
    instancer.subscribe(() => {})
    await knows(instancer, '10.0.0.1:80')
    await eventually(() => front.requests === 1 && front.came('/v1/health/') === 2)
    await systemClock.sleep(1_500)
    assert.deepEqual([front.came('/v1/health/'), front.sockets.size], [2, 1])
    registrar.register('quiet', instanceOf(2))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    await instancer[Symbol.asyncDispose]()
    await eventually(() => front.sockets.size === 0)
  })

  it('outlives an agent that is killed and comes back without its memory', async () => {
    await using own = await ownServer(consul)
    const url = own.addresses['url'] as string
    await using registrar = consulRegistrar({ url, backoff: soon, check: { ttlMs: 1_500 } })
    await using checked = consulRegistrar({ url, backoff: soon, check: false, verifyIntervalMs: 500 })
    await using instancer = consulInstancer({ service: 'lost', url, backoff: soon })
    const counts: number[] = []
    instancer.subscribe(({ instances }) => counts.push(instances?.length ?? 0))
    const registrations = [registrar.register('lost', instanceOf(1)), checked.register('lost', instanceOf(2))]
    await Promise.all(registrations.map(({ registered }) => registered))
    await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
    for (let turn = 0; turn < 2; turn++) {
      await own.crash()
      await eventually(() => instancer.current.error !== undefined)
      assert.deepEqual(addressesOf(instancer), ['10.0.0.1:80', '10.0.0.2:80'])
      await eventually(() => registrations.every(({ state }) => state === 'failing'), limitMs)
      await own.restart()
      await knows(instancer, '10.0.0.1:80', '10.0.0.2:80')
      await eventually(() => registrations.every(({ state }) => state === 'registered'), limitMs)
    }
    // Once both were there, the agent that had forgotten them took neither away.
    assert.deepEqual(new Set(counts.slice(counts.indexOf(2))), new Set([2]))
  })

  it('passes at once when it registers what had lapsed, and weighs what does not pass', async () => {
    const url = addressOf('consul')
    await using all = consulInstancer({ service: 'lapsing', url, passingOnly: false })
    await using passing = consulInstancer({ service: 'lapsing', url })
    for (const instancer of [all, passing]) instancer.subscribe(() => {})
    const tell = (path: string, body = '') => fetch(`${url}/v1/agent/${path}`, { method: 'PUT', body })
    const service = { ID: 'lapsing:i1', Name: 'lapsing', Address: '10.0.0.1', Port: 80 }
    const Weights = { Passing: 8, Warning: 3 }
    const Check = { CheckID: 'service:lapsing:i1', TTL: '500ms', Status: 'passing' }
    await tell('service/register', JSON.stringify({ ...service, Weights, Check }))
    const weighs = (weight: number) =>
      eventually(() => all.current.instances?.[0]?.weight === weight && all.current.error === undefined, limitMs)
    await weighs(8)
    await weighs(0)
    await tell('check/warn/service:lapsing:i1')
    await weighs(3)
    await weighs(0)
    await knows(passing)
    await using registrar = consulRegistrar({ url })
    const registration = registrar.register('lapsing', instanceOf(1))
    await registration.registered
    await knows(passing, '10.0.0.1:80')
    await weighs(1)
  })

  it('has the agent check a service over HTTP', async () => {
    let status = 200
    await using page = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
    await once(page, 'listening')
    const address = `127.0.0.1:${(page.address() as AddressInfo).port}`
    const url = addressOf('consul')
    await using registrar = consulRegistrar({ url, check: { http: '/health', intervalMs: 1_000 } })
    await using instancer = consulInstancer({ service: 'paged', url })
    instancer.subscribe(() => {})
    await registrar.register('paged', { id: 'one', address }).registered
    await knows(instancer, address)
    status = 503
    await knows(instancer)
    status = 204
    await knows(instancer, address)
    page.closeAllConnections()
  })

  it('says what a token is not allowed, and takes what is hidden for a failure', async () => {
    await using own = await ownServer(guarded)
    const url = own.addresses['url'] as string
    const ask = async (path: string, body: object) => {
      const headers = { 'x-consul-token': root }
      const reply = await fetch(`${url}/v1/acl/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) })
      assert.equal(reply.status, 200)
      return (await reply.json()) as { SecretID: string }
    }
    const Rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'
    await ask('policy', { Name: 'reader', Rules })
    const { SecretID: reader } = await ask('token', { Policies: [{ Name: 'reader' }] })
    const { SecretID: nobody } = await ask('token', {})

    await using registrar = consulRegistrar({ url, token: root })
    await registrar.register('guarded', instanceOf(1)).registered
    await using readers = consulInstancer({ service: 'guarded', url, token: async () => reader })
    readers.subscribe(() => {})
    await knows(readers, '10.0.0.1:80')

    const messageOf = async (instancer: Instancer) => {
      instancer.subscribe(() => {})
      await eventually(() => instancer.current.error !== undefined)
      return instancer.current.error?.message
    }
    await using blind = consulInstancer({ service: 'guarded', url, token: nobody })
    assert.match((await messageOf(blind)) ?? '', /hides all instances of guarded: the token needs service:read/)
    await using stranger = consulInstancer({ service: 'guarded', url, token: 'never-heard-of' })
    assert.equal(await messageOf(stranger), `consul at ${url} answered 403: ACL not found (token)`)

    await using refused = consulRegistrar({ url, token: reader })
    const registration = refused.register('guarded', instanceOf(2))
    await eventually(() => registration.error !== undefined)
    assert.match(registration.error?.message ?? '', /answered 403: Permission denied: .*service:write/)
    assert.ok(!registration.error?.message.includes(reader))
  })

  it('does not keep a process that has nothing else to do', async () => {
    const program = `
      import { consulInstancer } from '${new URL('../../src/discovery/consul/instancer.ts', import.meta.url)}'
      import { consulRegistrar } from '${new URL('../../src/discovery/consul/registrar.ts', import.meta.url)}'
      const url = '${addressOf('consul')}'
      await consulRegistrar({ url }).register('brief', { id: 'one', address: '10.0.0.1:80' }).registered
      const known = Promise.withResolvers()
      consulInstancer({ service: 'brief', url }).subscribe(({ instances }) => known.resolve(instances))
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
