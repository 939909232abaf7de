import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { ownSlice, sliceName } from './own-slice.ts'
import { type KubernetesRegistrarOptions, kubernetesRegistrar } from './registrar.ts'

const one: Instance = { id: 'one', address: '10.0.0.1:80' }
const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const apply = `PATCH ${path}/${sliceName('add', 'one')}?fieldManager=servicekit&force=true`
const remove = `DELETE ${path}/${sliceName('add', 'one')}`

/** A registrar of a scripted API server. */
async function registry(options: Partial<KubernetesRegistrarOptions> = {}) {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const registrar = kubernetesRegistrar({
    url: agent.url,
    clock,
    backoff: { jitter: 'none' },
    removeAfterMs: Infinity,
    ...options,
  })
  return {
    agent,
    clock,
    registrar,
    answer: async (status: number, body: unknown = {}) => {
      const asked = await agent.next()
      asked.answer(status, body)
      return asked
    },
    rests: (untilAt: number) => eventually(() => clock.nextAt === untilAt),
    [Symbol.asyncDispose]: async () => {
      await registrar[Symbol.asyncDispose]()
      await eventually(() => agent.sockets.size === 0)
      assert.equal(clock.pending, 0)
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('kubernetesRegistrar', { timeout: 20_000 }, () => {
  it('applies a slice, again three times in each TTL, and removes it when it is closed', async () => {
    await using it = await registry({ ttlMs: 9_000, portName: 'http', pod: { name: 'p', uid: 'u' } })
    assert.equal(it.registrar.name, `kubernetes at ${it.agent.url}`)
    const registration = it.registrar.register('add', one)
    const options = { ttlMs: 9_000, portName: 'http', pod: { name: 'p', uid: 'u' } }
    for (const at of [0, 3_000, 6_000]) {
      const { line, body } = await it.answer(at === 0 ? 201 : 200)
      assert.equal(line, apply)
      assert.deepEqual(JSON.parse(body), ownSlice('add', one, options, it.clock.wallNow()))
      await it.rests(at + 3_000)
      await it.clock.advance(3_000)
    }
    await it.answer(200)
    await it.rests(12_000)
    const closing = registration.close()
    assert.equal((await it.answer(200)).line, remove)
    await closing
  })

  it('applies it again at once after a failure, and waits no longer than a third of a TTL then', async () => {
    await using it = await registry({ ttlMs: 9_000 })
    const registration = it.registrar.register('add', one)
    await it.answer(201)
    await registration.registered
    await it.rests(3_000)
    await it.clock.advance(3_000)
    await it.answer(500)
    let at = 3_000
    for (const waitMs of [1_000, 1_600, 2_560, 3_000, 3_000]) {
      await it.answer(500)
      at += waitMs
      await it.rests(at)
      await it.clock.advance(waitMs)
    }
    await it.answer(200)
    await eventually(() => registration.state === 'registered')
    const closing = registration.close()
    await it.answer(404)
    await closing
  })

  it('puts a slice in the place of one that has addresses of another kind', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    const message = 'EndpointSlice is invalid: addressType: Invalid value: "IPv4": field is immutable'
    assert.equal((await it.answer(422, { kind: 'Status', message })).line, apply)
    assert.equal((await it.answer(200)).line, remove)
    assert.equal((await it.answer(201)).line, apply)
    await registration.registered
    const closing = registration.close()
    await it.answer(200)
    await closing
  })

  it('says what is refused', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    await it.answer(422, { kind: 'Status', message: 'zone is not to its taste' })
    await eventually(() => registration.error !== undefined)
    assert.equal(registration.error?.message, `kubernetes at ${it.agent.url} answered 422: zone is not to its taste`)
    await it.rests(1_000)
    await registration.close()
    assert.equal(it.agent.asked.length, 1)
  })

  it('takes back what it may have announced without hearing of it', async () => {
    await using it = await registry()
    const registration = it.registrar.register('add', one)
    await it.answer(504)
    await it.rests(1_000)
    const closing = registration.close()
    assert.equal((await it.answer(200)).line, remove)
    await closing
  })

  it('looks once for what others have left, and is registered whether that succeeds or not', async () => {
    await using it = await registry({ removeAfterMs: 60_000 })
    const registrations = ['one', 'two'].map((id) => it.registrar.register('add', { ...one, id }))
    await it.answer(201)
    await it.answer(201)
    await Promise.all(registrations.map(({ registered }) => registered))
    const { url } = await it.answer(403)
    const selector = 'kubernetes.io/service-name=add,endpointslice.kubernetes.io/managed-by=servicekit'
    assert.equal(url.searchParams.get('labelSelector'), selector)
    const closing = it.registrar[Symbol.asyncDispose]()
    for (let left = 2; left > 0; left--) assert.match((await it.answer(200)).line, /^DELETE /)
    await closing
    assert.equal(it.agent.asked.length, 5)
  })

  it('refuses at once what makes no sense or what Kubernetes would refuse', async () => {
    await using it = await registry()
    const refuse = (instance: unknown, said: RegExp) =>
      assert.throws(() => it.registrar.register('add', instance as Instance), said)
    refuse({ id: 'one', address: 'nowhere' }, /address must be host:port/)
    refuse({ id: 'one', address: '127.0.0.1:80' }, /no address that is good on one machine only/)
    refuse(undefined, /id must be a text/)
    assert.throws(() => it.registrar.register('Add', one), /service must have/)
    assert.throws(() => kubernetesRegistrar({ ttlMs: 299 }), /ttlMs must be a number from 300/)
    assert.throws(() => kubernetesRegistrar({ ttlMs: Infinity }), /ttlMs must be/)
    assert.throws(() => kubernetesRegistrar({ removeAfterMs: 59_999 }), /removeAfterMs must be a number from 60000/)
    assert.throws(() => kubernetesRegistrar({ portName: 'HTTP' }), /portName must have/)
    assert.throws(() => kubernetesRegistrar({ pod: { name: 'p' } as never }), /pod must be like \{ name, uid \}/)
    assert.throws(() => kubernetesRegistrar({ namespace: '' }), /namespace must have/)
    assert.throws(() => kubernetesRegistrar({ timeoutMs: 0 }), /timeoutMs/)
    assert.equal(it.agent.asked.length, 0)
  })
})
