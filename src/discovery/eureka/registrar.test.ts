import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import type { RegistrarErrorEvent } from '../registrar.ts'
import { type EurekaRegistrarOptions, eurekaRegistrar } from './registrar.ts'

const one: Instance = { id: 'one', address: '10.0.0.1:80' }
const path = '/apps/ADD/add:one'
const [look, register, deregister] = [`GET ${path}`, 'POST /apps/ADD', `DELETE ${path}`]
const renew = (at: number) => `PUT ${path}?status=UP&lastDirtyTimestamp=${at}`

/** A registrar with a scripted server. */
async function registry(options?: EurekaRegistrarOptions) {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const errors: RegistrarErrorEvent[] = []
  const registrar = eurekaRegistrar({
    url: agent.url,
    clock,
    backoff: { jitter: 'none' },
    // Later than all that these tests wait for.
    timeoutMs: 600_000,
    onError: (event) => errors.push(event),
    ...options,
  })
  return {
    agent,
    clock,
    registrar,
    errors,
    /** Answers the next request, and gives what it asked. */
    answer: async (status = 200, body: unknown = '') => {
      const asked = await agent.next()
      asked.answer(status, body)
      return asked.line
    },
    /** Nothing is on its way, and what comes next comes then. */
    rests: (untilAt: number) => eventually(() => assert.equal(clock.nextAt, untilAt)),
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

describe('eurekaRegistrar', { timeout: 20_000 }, () => {
  it('registers, renews at a third of the lease, and takes it back', async () => {
    await using it = await registry({ user: 'me', password: async () => 'sesame' })
    const at = it.clock.wallNow()
    const registration = it.registrar.register('add', { ...one, zone: 'z1' })
    assert.equal(await it.answer(404), look)
    const asked = await it.agent.next()
    assert.deepEqual([asked.line, asked.headers['content-type']], [register, 'application/json'])
    assert.equal(asked.headers.authorization, `Basic ${btoa('me:sesame')}`)
    const { instance } = JSON.parse(asked.body)
    assert.deepEqual(
      [instance.instanceId, instance.app, instance.metadata, instance.leaseInfo, instance.lastDirtyTimestamp],
      ['add:one', 'ADD', { zone: 'z1' }, { renewalIntervalInSecs: 30, durationInSecs: 90 }, `${at}`],
    )
    asked.answer(204)
    await registration.registered
    for (const dueAt of [30_000, 60_000]) {
      await it.rests(dueAt)
      await it.clock.advance(30_000)
      assert.equal(await it.answer(200), renew(at))
    }
    await it.rests(90_000)
    const closing = registration.close()
    assert.equal(await it.answer(200), deregister)
    await closing
    assert.equal(it.errors.length, 0)
  })

  it('registers again at once what the server has forgotten, or has of before', async () => {
    await using it = await registry({ ttlMs: 9_000 })
    const registration = it.registrar.register('add', one)
    for (const status of [404, 204]) await it.answer(status)
    await registration.registered
    for (const dueAt of [3_000, 6_000]) {
      await it.rests(dueAt)
      await it.clock.advance(3_000)
      await it.answer(404)
      const at = it.clock.wallNow()
      assert.deepEqual([await it.answer(404), await it.answer(204)], [look, register])
      await eventually(() => registration.state === 'registered')
      await it.rests(dueAt + 3_000)
      assert.equal(it.clock.wallNow(), at)
    }
    assert.deepEqual(
      it.errors.map(({ during }) => during),
      ['renew', 'renew'],
    )
  })

  it('is never older than what is registered under its id', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    const lastDirtyTimestamp = `${it.clock.wallNow() + 5_000}`
    const before = { instanceId: 'add:one', hostName: 'h', app: 'ADD', lastDirtyTimestamp }
    assert.equal(await it.answer(200, { instance: before }), look)
    const asked = await it.agent.next()
    assert.equal(JSON.parse(asked.body).instance.lastDirtyTimestamp, lastDirtyTimestamp)
    asked.answer(204)
    await registration.registered
    await it.rests(30_000)
    await it.clock.advance(30_000)
    assert.equal(await it.answer(200), renew(Number(lastDirtyTimestamp)))
  })

  it('replaces what makes no sense under its id', async () => {
    await using it = await registry()
    for (const body of ['<html>', '{}', { instance: 7 }]) {
      const registration = it.registrar.register('add', one)
      assert.equal(await it.answer(200, body), look)
      assert.equal(await it.answer(204), register)
      await registration.registered
      const closing = registration.close()
      assert.equal(await it.answer(404), deregister)
      await closing
    }
  })

  it('says what it is refused, and tries again', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    await it.answer(404)
    await it.answer(400, 'Missing hostname')
    await it.rests(1_000)
    assert.equal(registration.error?.message, `eureka at ${it.agent.url} answered 400: Missing hostname`)
    await it.clock.advance(1_000)
    for (const status of [404, 204]) await it.answer(status)
    await registration.registered
  })

  it('takes back what may have been registered although nobody said so', async () => {
    await using it = await registry({ timeoutMs: 5_000 })
    const registration = it.registrar.register('add', one)
    await it.answer(404)
    const asked = await it.agent.next()
    assert.equal(asked.line, register)
    await it.clock.advance(5_000)
    await eventually(() => it.errors.length === 1)
    await asked.gone
    const closing = registration.close()
    assert.equal(await it.answer(200), deregister)
    await closing
  })

  it('takes nothing back that was never registered', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    await it.answer(503)
    await it.rests(1_000)
    await registration.close()
    assert.equal(it.agent.asked.length, 1)
  })

  it('says at closing that it could not be taken back', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    for (const status of [404, 204]) await it.answer(status)
    await registration.registered
    const closing = assert.rejects(registration.close(), { code: 'unavailable' })
    assert.equal(await it.answer(500), deregister)
    await closing
    assert.equal(it.errors.at(-1)?.during, 'deregister')
  })

  it('goes on to the next server when one is gone', async () => {
    await using it = await registry()
    await using gone = await ScriptedAgent.open()
    const { url } = gone
    await gone[Symbol.asyncDispose]()
    await using registrar = eurekaRegistrar({ url: [url, it.agent.url], clock: it.clock, timeoutMs: 600_000 })
    const registration = registrar.register('add', one)
    for (const status of [404, 204]) await it.answer(status)
    await registration.registered
    const closing = registration.close()
    await it.answer(200)
    await closing
  })

  it('refuses at once what makes no sense or what Eureka could not tell others', async () => {
    await using it = await registry()
    const refuse = (service: string, instance: unknown, said: RegExp) =>
      assert.throws(() => it.registrar.register(service, instance as Instance), said)
    refuse('add', { id: 'one', address: 'nowhere' }, /address must be host:port/)
    refuse('add', { ...one, metadata: { 'a b': '' } }, /metadata keys for eureka/)
    refuse('add', undefined, /id must be a text/)
    refuse('a/b', one, /service for eureka/)
    assert.throws(() => eurekaRegistrar({ ttlMs: 999 }), /^RangeError: ttlMs must be a number from 1000/)
    assert.throws(() => eurekaRegistrar({ healthPath: 'up' }), /^TypeError: healthPath must be a path, but is "up"$/)
    assert.throws(() => eurekaRegistrar({ statusPath: '/a b' }), /^TypeError: statusPath must be a path/)
    assert.throws(() => eurekaRegistrar({ timeoutMs: 0 }), /timeoutMs/)
    assert.equal(it.agent.asked.length, 0)
  })
})
