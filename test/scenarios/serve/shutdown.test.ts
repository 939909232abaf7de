// What others see of a service that is told to end while they call it: it leaves before it refuses, and refuses before it goes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from 'servicekit'
import { eventually } from 'servicekit/testing/eventually'
import { httpClient } from 'servicekit/transport/http/client'
import { type RegisteredServer, registeredServer, shop } from './registered-server.ts'

const limitMs = 15_000
const timeout = 60_000

const status = async (url: string | undefined): Promise<number> => {
  const response = await fetch(url ?? '')
  await response.text()
  return response.status
}

const clientOf = ({ url }: RegisteredServer) => httpClient(shop, { baseUrl: url })

/** Calls without a pause until a call fails, or it is told to stop. */
function load(server: RegisteredServer, callers: number) {
  const client = clientOf(server)
  const failures: ServiceError[] = []
  let succeeded = 0
  const caller = async () => {
    for (;;) {
      try {
        assert.equal(await client.price({ item: 'tea' }), 3)
        succeeded++
      } catch (thrown) {
        failures.push(ServiceError.from(thrown))
        return
      }
    }
  }
  const all = Promise.all(Array.from({ length: callers }, caller))
  return {
    failures,
    get succeeded() {
      return succeeded
    },
    /** Resolves when every caller was refused once. */
    end: async () => {
      await all
      await client[Symbol.asyncDispose]()
    },
  }
}

describe('a registered service that gets SIGTERM under load', () => {
  it('is not ready, then not registered, and refuses only then; what is in flight ends, and so does the process', {
    timeout,
  }, async () => {
    await using server = await registeredServer()
    await using client = clientOf(server)
    const health = await server.said('showing health')
    assert.deepEqual([await status(health['liveness']), await status(health['readiness'])], [200, 200])
    assert.equal(server.isRegistered, true)
    const traffic = load(server, 8)
    await eventually(() => traffic.succeeded > 50, limitMs)
    const last = client.last()

    server.child.kill('SIGTERM')
    await eventually(async () => (await status(health['readiness'])) === 503, limitMs)
    assert.equal(server.isRegistered, true, 'it is not ready before the registry forgets it')
    assert.equal(await status(health['liveness']), 200)
    assert.equal(await client.price({ item: 'coffee' }), 6)

    server.let('withdraw')
    await eventually(() => !server.isRegistered, limitMs)
    const before = traffic.succeeded
    await eventually(() => traffic.succeeded > before + 50, limitMs)
    assert.deepEqual(traffic.failures, [], 'it serves on for those who have not heard of it')

    await server.said('draining')
    await traffic.end()
    for (const { code, retry } of traffic.failures) assert.deepEqual([code, retry], ['unavailable', 'safe'])
    await using late = clientOf(server)
    await assert.rejects(late.price({ item: 'tea' }), { code: 'unavailable', retry: 'safe' })

    server.let('end')
    assert.equal(await last, 'done')
    assert.equal(await server.ended, 0)
    assert.deepEqual(server.steps, [
      'listening',
      'showing health',
      'registered',
      'closing',
      'deregistering',
      'deregistered',
      'still serving',
      'draining',
      'closed',
    ])
  })

  it('shows its health and metrics until the last call has ended, on a port of their own', { timeout }, async () => {
    await using server = await registeredServer('page')
    await using client = clientOf(server)
    const { readiness, liveness } = await server.said('showing health')
    const { url: metrics } = await server.said('showing metrics')
    const last = client.last()
    await client.price({ item: 'tea' })
    server.let('withdraw')
    server.child.kill('SIGTERM')
    await server.said('draining')
    await eventually(() => assert.rejects(fetch(server.url)), limitMs)
    assert.deepEqual([await status(liveness), await status(readiness), await status(metrics)], [200, 503, 200])
    server.let('end')
    assert.equal(await last, 'done')
    assert.equal(await server.ended, 0)
  })

  it('ends at once with the second signal', { timeout }, async () => {
    await using server = await registeredServer()
    await using client = clientOf(server)
    const last = client.last()
    const lost = assert.rejects(last, { code: 'unavailable' })
    await client.price({ item: 'tea' })
    server.child.kill('SIGTERM')
    await server.said('deregistering')
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 143)
    await lost
  })
})
