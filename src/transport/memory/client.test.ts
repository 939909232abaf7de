// Tests of client.ts: what is special to the in-memory wire; the rest is in conformance.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { inbound } from '../../core/inbound.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { memoryCall, memoryClient } from './client.ts'
import { memoryEndpoint, memoryServer } from './server.ts'

const who = contract('who', { peer: unary.of<void, string>(), same: unary.of<object, object>() })
const served = endpoints(who, { peer: (_, ctx) => ctx.get(inbound).peer, same: (message) => message })

describe('memoryClient', () => {
  it('refuses what is no server', () => {
    for (const server of [undefined, 'localhost:50051', memoryServer(who, served)]) {
      const options = { server: server as never }
      assert.throws(() => memoryClient(who, options), { name: 'TypeError', message: /await memoryServer/ })
      assert.throws(() => memoryCall({ ...options, method: 'a/b' }), {
        name: 'TypeError',
        message: /await memoryServer/,
      })
    }
  })

  it('says who calls', async () => {
    await using server = await memoryServer(who, served).listen()
    await using plain = memoryClient(who, { server })
    await using named = memoryClient(who, { server, peer: 'billing' })
    assert.deepEqual([await plain.peer(), await named.peer()], ['memory', 'billing'])
  })

  it('shares messages when there is no codec', async () => {
    await using server = await memoryServer(who, served).listen()
    await using client = memoryClient(who, { server })
    const message = { now: new Date(0) }
    assert.equal(await client.same(message), message)
  })
})

describe('memoryCall', () => {
  it('calls an endpoint that has no contract, with its own encoding on both sides', async () => {
    const sum = memoryEndpoint(async ([a = 0, b = 0]: number[]) => a + b, {
      method: 'legacy/sum',
      decode: (message) => String(message).split('+').map(Number),
      encode: (total) => `=${total}`,
    })
    await using server = await memoryServer(who, served, { mount: [sum] }).listen()
    const call = memoryCall<[number, number], number>({
      server,
      method: 'legacy/sum',
      encode: ([a, b]) => `${a}+${b}`,
      decode: (message) => Number(String(message).slice(1)),
    })
    assert.equal(await call([1, 2], rootContext()), 3)
  })

  it('settles at the deadline, as the calls of a client do', async () => {
    const clock = manualClock()
    const silent = memoryEndpoint(() => new Promise<never>(() => {}), { method: 'legacy/silent' })
    await using server = await memoryServer(who, served, { mount: [silent], clock, onError: () => {} }).listen()
    const call = memoryCall({ server, method: 'legacy/silent', timeoutMs: 70, clock })
    const failed = assert.rejects(call(1, rootContext({ clock })), { code: 'deadline_exceeded' })
    await clock.advance(80)
    await failed
    assert.equal(clock.pending, 0)
  })
})
