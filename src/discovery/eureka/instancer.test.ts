import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryEureka } from '../../../test/discovery/memory-eureka.ts'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type EurekaInstancerOptions, eurekaInstancer } from './instancer.ts'
import { registrationBody } from './registration.ts'
import { eurekaRegistry } from './registry.ts'

const terms = { ttlMs: 86_400_000, secure: false, statusPath: '/', healthPath: '/' }

/** An instancer of a Eureka in memory, with somebody who listens. */
async function lookup(options: Partial<EurekaInstancerOptions> = {}) {
  const clock = manualClock()
  const eureka = new MemoryEureka(clock)
  const front = await AgentFront.open(eureka.backend, clock)
  const backoff = { jitter: 'none' } as const
  const url = `${front.url}/eureka`
  const instancer = eurekaInstancer({ service: 'add', url, clock, backoff, random: () => 0.5, ...options })
  const sets: string[] = []
  const ids = () => (instancer.current.instances ?? []).map(({ id }) => id.slice('add:'.length)).join(' ')
  return {
    clock,
    eureka,
    front,
    instancer,
    sets,
    begin: () => void instancer.subscribe(() => sets.push(ids())),
    hold: (...all: readonly string[]) =>
      eureka.hold(all.map((id) => registrationBody('add', { id, address: `${id}.test:80` }, terms, 0))),
    knows: (...expected: readonly string[]) =>
      eventually(() => assert.deepEqual([ids(), instancer.current.error], [expected.join(' '), undefined])),
    /** What comes next comes then. */
    rests: (untilAt: number) => eventually(() => assert.equal(clock.nextAt, untilAt)),
    [Symbol.asyncDispose]: async () => {
      await instancer[Symbol.asyncDispose]()
      await eventually(() => front.sockets.size === 0)
      assert.equal(clock.pending, 0)
      await front[Symbol.asyncDispose]()
    },
  }
}

describe('eurekaInstancer', { timeout: 20_000 }, () => {
  it('reads one delta at each interval, and nothing else', async () => {
    await using it = await lookup()
    const many = Array.from({ length: 1_000 }, (_, at) => `i${1_000 + at}`)
    it.hold(...many)
    it.begin()
    await it.knows(...many)
    for (let at = 30_000; at <= 210_000; at += 30_000) {
      await it.rests(at)
      await it.clock.advance(30_000)
    }
    await it.rests(240_000)
    await it.eureka.backend({
      method: 'PUT',
      path: '/eureka/apps/ADD/add:i1003/status?value=OUT_OF_SERVICE',
      body: '',
      signal: AbortSignal.any([]),
    })
    await it.clock.advance(30_000)
    await it.knows(...many.filter((id) => id !== 'i1003'))
    assert.deepEqual([it.front.came('/eureka/apps'), it.front.came('/eureka/apps/delta')], [9, 8])
    assert.equal(it.sets.length, 2)
  })

  it('keeps through a restart between two polls what the server does not know any more', async () => {
    await using it = await lookup()
    it.hold('a', 'b', 'c')
    it.begin()
    await it.knows('a', 'b', 'c')
    await it.rests(30_000)
    it.eureka.forget()
    it.hold('b')
    await it.clock.advance(30_000)
    await eventually(() => it.instancer.current.error !== undefined)
    assert.match(it.instancer.current.error?.message ?? '', /^eureka at .* has lost 2 instances of add without a word$/)
    // It is asked again, and believed after a while.
    await it.rests(31_000)
    await it.clock.advance(1_000)
    await it.knows('a', 'b', 'c')
    it.hold('b', 'c')
    for (const dueAt of [61_000, 91_000, 121_000, 151_000]) {
      await it.knows('a', 'b', 'c')
      await it.rests(dueAt)
      await it.clock.advance(dueAt - it.clock.now())
    }
    await it.knows('b', 'c')
  })

  it('holds what was known for as long as it is told to', async () => {
    await using it = await lookup({ recoveryMs: 0 })
    it.hold('a', 'b')
    it.begin()
    await it.knows('a', 'b')
    await it.rests(30_000)
    it.eureka.forget()
    await it.clock.advance(30_000)
    await it.rests(31_000)
    await it.clock.advance(1_000)
    await it.knows()
  })

  it('proves who it is, and says what it is refused', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    await using instancer = eurekaInstancer({ service: 'add', url: agent.url, user: 'me', password: 'sesame', clock })
    instancer.subscribe(() => {})
    const asked = await agent.next()
    assert.deepEqual([asked.line, asked.headers.accept], ['GET /apps', 'application/json'])
    assert.equal(asked.headers.authorization, `Basic ${btoa('me:sesame')}`)
    asked.answer(401, `who is ${btoa('me:sesame')}?`)
    await eventually(() => instancer.current.error !== undefined)
    const { message = '' } = instancer.current.error ?? {}
    assert.match(message, /^eureka at .* answered 401: who is \(token\)\?/)
  })

  it('takes longer than a server may, and a server that says what it is not, for failures', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    const said: string[] = []
    await using instancer = eurekaInstancer({
      service: 'add',
      url: `${agent.url}/eureka`,
      clock,
      backoff: { jitter: 'none' },
      onError: ({ error }) => said.push(error.message),
    })
    instancer.subscribe(() => {})
    await agent.next()
    await clock.advance(10_000)
    await eventually(() => said.length === 1)
    assert.match(said[0] ?? '', /did not answer within 10s/)
    await clock.advance(1_000)
    const asked = await agent.next()
    asked.answer(200, '<html>')
    await eventually(() => said.length === 2)
    assert.match(said[1] ?? '', /^eureka at .*: the reply is not JSON: is this the URL of a Eureka, with its path\?$/)
  })

  it('refuses what makes no sense', () => {
    const refuse = (options: object, message: RegExp) =>
      assert.throws(() => eurekaInstancer({ service: 'add', ...options }), message)
    refuse({ service: '' }, /^TypeError: service must be a text$/)
    refuse({ address: 'name' }, /^TypeError: address must be one of ip, host, but is "name"$/)
    refuse({ pollIntervalMs: 0 }, /^RangeError: pollIntervalMs must be/)
    refuse({ registry: {} }, /^TypeError: registry must be a registry, as eurekaRegistry\(\)$/)
    const registry = eurekaRegistry()
    refuse({ registry, url: 'http://a:1' }, /^TypeError: url is said where the registry is made, and not with it$/)
    refuse({ registry, password: 'x' }, /^TypeError: password is said where/)
    assert.equal(eurekaInstancer({ service: 'add', registry }).name, `add in ${registry.name}`)
  })
})
