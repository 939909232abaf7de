import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import type { RegistrarErrorEvent } from '../registrar.ts'
import { type ConsulRegistrarOptions, consulRegistrar } from './registrar.ts'

const one: Instance = { id: 'one', address: '10.0.0.1:80' }
const register = 'PUT /v1/agent/service/register?replace-existing-checks=true'
const pass = 'PUT /v1/agent/check/pass/service:add:one'
const look = 'GET /v1/agent/service/add:one'
const deregister = 'PUT /v1/agent/service/deregister/add:one'

/** A registrar with a scripted agent. */
async function registry(options?: ConsulRegistrarOptions) {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const errors: RegistrarErrorEvent[] = []
  const registrar = consulRegistrar({
    url: agent.url,
    clock,
    backoff: { jitter: 'none' },
    // Later than all that these tests wait for.
    timeoutMs: 60_000,
    onError: (event) => errors.push(event),
    ...options,
  })
  return {
    agent,
    clock,
    registrar,
    errors,
    /** Answers the next request, and gives what it asked. */
    answer: async (status = 200, text = '') => {
      const asked = await agent.next()
      asked.answer(status, text)
      return asked.line
    },
    /** Nothing is on its way, and what comes next comes then. */
    rests: (untilAt: number) => eventually(() => clock.nextAt === untilAt),
    /** Says yes to all that comes, until the registrar has ended. */
    [Symbol.asyncDispose]: async () => {
      const ending = Promise.resolve(registrar[Symbol.asyncDispose]())
      let isOver = false
      void ending.finally(() => {
        isOver = true
      })
      while (!isOver) {
        const next = await Promise.race([agent.next(), ending])
        if (next !== undefined) (next as AskedOfAgent).answer(200)
      }
      await ending
      await eventually(() => agent.sockets.size === 0)
      assert.equal(clock.pending, 0)
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('consulRegistrar', { timeout: 20_000 }, () => {
  it('registers with a TTL, passes at once, and renews at a third of it', async () => {
    await using it = await registry({ token: 'sesame' })
    const registration = it.registrar.register('add', { ...one, zone: 'z1', tags: ['x'], weight: 3 })
    const asked = await it.agent.next()
    assert.deepEqual([asked.line, asked.headers['x-consul-token']], [register, 'sesame'])
    assert.deepEqual(JSON.parse(asked.body), {
      ID: 'add:one',
      Name: 'add',
      Address: '10.0.0.1',
      Port: 80,
      Tags: ['x'],
      Meta: { zone: 'z1' },
      Weights: { Passing: 3, Warning: 1 },
      Check: {
        CheckID: 'service:add:one',
        TTL: '15000ms',
        DeregisterCriticalServiceAfter: '60000ms',
        Status: 'passing',
      },
    })
    asked.answer(200)
    // A service that was critical would stay so.
    assert.equal(await it.answer(), pass)
    await registration.registered
    for (const at of [5_000, 10_000]) {
      await it.rests(at)
      await it.clock.advance(4_999)
      assert.equal(it.agent.asked.length, at / 5_000 + 1)
      await it.clock.advance(1)
      assert.equal(await it.answer(), pass)
    }
    await it.rests(15_000)
    assert.equal(registration.state, 'registered')
  })

  it('is named for the agent', async () => {
    await using it = await registry()
    assert.equal(it.registrar.name, `consul at ${it.agent.url}`)
  })

  it('takes it back when it is closed', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    assert.deepEqual([await it.answer(), await it.answer()], [register, pass])
    await registration.registered
    const closing = registration.close()
    assert.equal(await it.answer(), deregister)
    await closing
    assert.equal(registration.state, 'closed')
    await it.clock.advance(60_000)
    assert.equal(it.agent.asked.length, 3)
  })

  it('takes back what the agent has lost, and says so when it cannot be told', async () => {
    for (const [status, text] of [
      [404, 'Unknown service ID "add:one"'],
      [500, 'disk full'],
    ] as const) {
      await using it = await registry()
      const registration = it.registrar.register('add', one)
      await it.answer()
      await it.answer()
      await registration.registered
      const closing = registration.close()
      closing.catch(() => {})
      await it.answer(status, text)
      if (status === 404) await closing
      else await assert.rejects(closing, /answered 500: disk full$/)
    }
  })

  it('registers again at once when the agent has lost it', async () => {
    await using it = await registry({ check: { ttlMs: 9_000 } })
    const registration = it.registrar.register('add', one)
    await it.answer()
    await it.answer()
    await registration.registered
    await it.rests(3_000)
    await it.clock.advance(3_000)
    assert.equal(await it.answer(404, 'Unknown check ID "service:add:one".'), pass)
    assert.deepEqual([await it.answer(), await it.answer()], [register, pass])
    await it.rests(6_000)
    assert.equal(registration.state, 'registered')
    assert.deepEqual(
      it.errors.map(({ during, error }) => [during, error.message.slice(error.message.indexOf('ans'))]),
      [['renew', 'answered 404: Unknown check ID "service:add:one".']],
    )
  })

  it('looks from time to time whether the agent still has what it checks itself', async () => {
    for (const check of [false, { http: '/health' }] as const) {
      await using it = await registry({ check, verifyIntervalMs: 4_000 })
      const registration = it.registrar.register('add', one)
      const asked = await it.agent.next()
      const { Check } = JSON.parse(asked.body)
      assert.deepEqual([asked.line, Check?.HTTP], [register, check ? 'http://10.0.0.1:80/health' : undefined])
      asked.answer(200)
      await registration.registered
      await it.rests(4_000)
      await it.clock.advance(4_000)
      assert.equal(await it.answer(200, '{}'), look)
      await it.rests(8_000)
      await it.clock.advance(4_000)
      assert.deepEqual([await it.answer(404, 'unknown service ID: add:one'), await it.answer()], [look, register])
      await it.rests(12_000)
    }
  })

  it('tries again, less and less often, where it is refused', async () => {
    await using it = await registry({ token: () => 'sesame' })
    const registration = it.registrar.register('add', one)
    assert.equal(await it.answer(403, 'Permission denied for sesame'), register)
    await it.rests(1_000)
    assert.match(registration.error?.message ?? '', /answered 403: Permission denied for \(token\) \(token\)$/)
    await it.clock.advance(1_000)
    // Half of it done is not done.
    assert.deepEqual([await it.answer(), await it.answer(500, 'no')], [register, pass])
    await it.rests(2_600)
    assert.equal(registration.state, 'pending')
    await it.clock.advance(1_600)
    assert.deepEqual([await it.answer(), await it.answer()], [register, pass])
    await registration.registered
  })

  it('takes back what the agent may have heard, although it never said so', async () => {
    for (const check of [false, undefined] as const) {
      await using it = await registry({ timeoutMs: 1_000, check })
      const registration = it.registrar.register('add', one)
      const unanswered = await it.agent.next()
      assert.equal(unanswered.line, register)
      await it.clock.advance(1_000)
      await unanswered.gone
      assert.match(registration.error?.message ?? '', /did not answer within 1s/)
      const closing = registration.close()
      assert.equal(await it.answer(), deregister)
      await closing
      await assert.rejects(registration.registered, /closed before the registry had it/)
    }
  })

  it('takes back what did not pass after it was registered', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    assert.deepEqual([await it.answer(), await it.answer(500)], [register, pass])
    await it.rests(1_000)
    const closing = registration.close()
    assert.equal(await it.answer(), deregister)
    await closing
  })

  it('asks for nothing back where the agent has refused, or was not asked', async () => {
    const failing = { token: () => Promise.reject(new Error('no vault')) }
    for (const options of [{}, failing, { url: 'http://127.0.0.1:1' }]) {
      await using it = await registry(options)
      const registration = it.registrar.register('add', one)
      if (options !== failing && !('url' in options)) assert.equal(await it.answer(403), register)
      await it.rests(1_000)
      const asked = it.agent.asked.length
      await registration.close()
      assert.equal(it.agent.asked.length, asked)
    }
  })

  it('keeps several, also of one process', async () => {
    await using it = await registry()
    const registrations = ['add', 'sub'].map((service) => it.registrar.register(service, one))
    const bodies: string[] = []
    for (let turn = 0; turn < 4; turn++) {
      const asked = await it.agent.next()
      if (asked.body !== '') bodies.push(JSON.parse(asked.body).ID)
      asked.answer(200)
    }
    await Promise.all(registrations.map(({ registered }) => registered))
    assert.deepEqual(bodies.toSorted(), ['add:one', 'sub:one'])
  })

  it('refuses at once what makes no sense or what Consul would refuse', async () => {
    await using it = await registry()
    const refuse = (instance: unknown, said: RegExp) =>
      assert.throws(() => it.registrar.register('add', instance as Instance), said)
    refuse({ id: 'one', address: 'nowhere' }, /address must be host:port/)
    refuse({ ...one, metadata: { 'a b': '' } }, /metadata keys for consul/)
    refuse(undefined, /id must be a text/)
    assert.throws(() => it.registrar.register('', one), /service must be a text/)
    assert.throws(() => consulRegistrar({ verifyIntervalMs: 0 }), /verifyIntervalMs must be a number from 100/)
    assert.throws(() => consulRegistrar({ check: { ttlMs: 1 } }), /check.ttlMs/)
    assert.throws(() => consulRegistrar({ timeoutMs: 0 }), /timeoutMs/)
    assert.equal(it.agent.asked.length, 0)
  })
})
