// Proves the rate limit in Redis with a real one: alone, in a cluster, by each client, and with twenty processes while it crashes and comes back.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { systemClock } from '../../src/core/clock.ts'
import { rootContext } from '../../src/core/context.ts'
import type { StoreErrorEvent } from '../../src/resilience/policy.ts'
import { type LeaseRequest, leaseArguments, leaseGrant } from '../../src/resilience/redis/lease-request.ts'
import { leaseScript } from '../../src/resilience/redis/lease-script.ts'
import { type RedisClient, redisRateLimit } from '../../src/resilience/redis/rate-limit.ts'
import { runScript } from '../../src/resilience/redis/run-script.ts'
import { rateLimitCases } from '../../src/testing/conformance/rate-limit.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { recorder } from '../../src/testing/recorder.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { redis, redisCluster } from '../servers/redis/redis.ts'

/** Names that no earlier run has used either, for a server may outlive the run. */
let names = 0
const ownName = () => `${process.pid}-${names++}`

interface Connected extends AsyncDisposable {
  readonly client: RedisClient
}

async function nodeRedis(url: string): Promise<Connected> {
  const client = await createClient({ url })
    .on('error', () => {})
    .connect()
  return { client, [Symbol.asyncDispose]: async () => client.destroy() }
}

async function ioRedis(url: string): Promise<Connected> {
  const client = new Redis(url).on('error', () => {})
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
}

async function commands(url: string): Promise<Connected> {
  const client = await createClient({ url }).connect()
  const send = (command: readonly string[]) => client.sendCommand([...command])
  return { client: send, [Symbol.asyncDispose]: async () => client.destroy() }
}

const clients = { redis: nodeRedis, ioredis: ioRedis, 'a function that sends commands': commands }
const can = { keys: true, weights: true, retryAfter: true, most: true }

for (const [kind, connect] of Object.entries(clients))
  describe(`redisRateLimit, with redis-server by ${kind}`, skipUnless('redis'), () => {
    for (const { name, run } of rateLimitCases(can))
      it(name, async () => {
        await using connected = await connect(addressOf('redis'))
        const { client } = connected
        await run({
          can,
          limit: ({ calls, ...wanted }) =>
            redisRateLimit({ client, name: ownName(), perSecond: 0.001, burst: calls, ...wanted }),
        })
      })

    it('goes on when Redis has forgotten the script', async () => {
      await using connected = await connect(addressOf('redis'))
      const flusher = await createClient({ url: addressOf('redis') }).connect()
      const onStoreError = recorder<StoreErrorEvent>()
      const policy = redisRateLimit({ client: connected.client, name: ownName(), perSecond: 1_000, onStoreError })
      const endpoint = policy(async () => 'ran')
      for (const trips of [1, 2, 3]) {
        await flusher.scriptFlush()
        await eventually(async () => {
          await endpoint('', rootContext())
          return policy.snapshot().trips >= trips
        })
      }
      await policy[Symbol.asyncDispose]()
      flusher.destroy()
      assert.deepEqual(onStoreError.events, [])
    })
  })

describe('redisRateLimit, with redis-server', skipUnless('redis'), () => {
  it('takes and gives back in Redis what the script says', async () => {
    await using connected = await nodeRedis(addressOf('redis'))
    const tag = `{${ownName()}}`
    const ask = async (more: Partial<LeaseRequest>) => {
      const request = { perSecond: 0.01, burst: 10, member: 'a', ask: 0, returned: 0, credit: 0, aheadMs: 100 }
      const whole = { ...request, isKnown: false, isLeaving: false, ...more }
      return leaseGrant(await runScript(connected.client, leaseScript, [tag, `${tag}:p`], leaseArguments(whole)))
    }
    const { now, later, processes } = await ask({ ask: 4 })
    assert.deepEqual({ now, later, processes }, { now: 4, later: 0, processes: 1 })
    assert.deepEqual((await ask({ ask: 3, member: 'b', credit: 3 })).now, 3)
    const none = await ask({ ask: 4, member: 'c' })
    assert.deepEqual([none.now, none.later, none.processes], [0, 1, 3], 'one that is still to come')
    assert.ok(none.laterMs > 90_000 && none.laterMs <= 100_000)
    assert.equal((await ask({ ask: 4 })).later, 0)
    assert.equal((await ask({ member: 'b', isLeaving: true, returned: 3 })).processes, 2)
    assert.equal((await ask({ ask: 4 })).now, 2)
    const lost = `${tag}lost`
    const request = { perSecond: 1, burst: 10, member: 'a', ask: 5, returned: 0, credit: 0, aheadMs: 100 }
    const args = leaseArguments({ ...request, isKnown: true, isLeaving: false })
    const granted = leaseGrant(await runScript(connected.client, leaseScript, [lost, `${lost}:p`], args))
    assert.equal(granted.now, 0, 'a bucket that was lost is empty')
  })

  it('keeps nothing in Redis of limits that nobody uses', async () => {
    const client = await createClient({ url: addressOf('redis') }).connect()
    const name = ownName()
    const policy = redisRateLimit({ client, name, perSecond: 100 })
    const endpoint = policy(async () => 'ran')
    for (const key of [`servicekit:rate:{${name}}`, `servicekit:rate:{${name}}:processes`]) {
      const leftMs = await eventually(async () => {
        await endpoint('', rootContext())
        const pttl = await client.pTTL(key)
        return pttl > 0 && pttl
      })
      assert.ok(leftMs <= 11_000, `${leftMs} ms`)
    }
    client.destroy()
  })

  it('makes no call wait while Redis hangs', async () => {
    await using server = await ownServer(redis)
    await using connected = await ioRedis(server.addresses['url'] ?? '')
    const onStoreError = recorder<StoreErrorEvent>()
    const options = { client: connected.client, name: 'hung', perSecond: 1_000, timeoutMs: 50, onStoreError }
    await using policy = redisRateLimit(options)
    const response = Promise.resolve('ran')
    const endpoint = policy(() => response)
    await eventually(async () => {
      await endpoint('', rootContext())
      return policy.snapshot().trips > 0
    })
    const pausing = await createClient({ url: server.addresses['url'] ?? '' }).connect()
    await pausing.sendCommand(['CLIENT', 'PAUSE', '1500', 'ALL'])
    await eventually(() => {
      // The same promise: nothing was waited for.
      assert.equal(endpoint('', rootContext()), response)
      return policy.snapshot().storeFailures > 1
    })
    await eventually(() => {
      assert.equal(endpoint('', rootContext()), response)
      return policy.snapshot().storeFailures === 0
    }, 10_000)
    assert.match(String(onStoreError.events[0]?.error), /did not answer within 50ms/)
    pausing.destroy()
  })

  it('is one limit in a cluster, by either client', async () => {
    await using server = await ownServer(redisCluster)
    const { url = '', port = '' } = server.addresses
    await using clients = new AsyncDisposableStack()
    const node = createCluster({ rootNodes: [{ url }] })
    clients.defer(() => node.destroy())
    await node.connect()
    const io = new Cluster([{ host: '127.0.0.1', port: Number(port) }]).on('error', () => {})
    clients.defer(() => io.disconnect())
    await io.ping()
    const onStoreError = recorder<StoreErrorEvent>()
    const key = (request: string) => request
    for (const client of [node, io]) {
      await using policy = redisRateLimit({ client, name: 'tenants', perSecond: 0.001, burst: 5, key, onStoreError })
      const endpoint = policy(async () => 'ran')
      for (const tenant of ['a', 'b', 'c']) await endpoint(tenant, rootContext())
      await eventually(() => policy.snapshot().trips >= 3)
    }
    assert.equal(await node.hGet('servicekit:rate:{tenants:b}', 'tokens').then(Number).then(Math.round), 3)
    assert.deepEqual(onStoreError.events, [])
  })

  it('holds 20 processes to one limit, while Redis crashes and when it is back', { timeout: 120_000 }, async (t) => {
    await using limits = await ownServer(redis)
    await using score = await ownServer(redis)
    const [perSecond, processes] = [1_000, 20]
    const program = join(import.meta.dirname, 'redis', 'caller.ts')
    const urls = [limits.addresses['url'] ?? '', score.addresses['url'] ?? '']
    const children = Array.from({ length: processes }, (_, n) => {
      const args = [n % 2 === 0 ? 'redis' : 'ioredis', ...urls, String(perSecond), String((3 * perSecond) / processes)]
      return spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    })
    await using ending = new AsyncDisposableStack()
    for (const child of children)
      ending.defer(async () => {
        const ended = child.exitCode === null ? once(child, 'exit') : undefined
        child.stdin.end()
        await ended
      })
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
    const board = await createClient({ url: urls[1] ?? '' }).connect()
    ending.defer(() => board.destroy())
    const sumOf = async (field: string) =>
      Object.values(await board.hGetAll(field)).reduce((sum, value) => sum + Number(value), 0)
    /** The share of the limit that was let in within some seconds from now, by the clock of Redis. */
    const used = async (seconds: number) => {
      const tenths = async () => {
        const [seconds, micros] = await board.time()
        return Math.floor(Number(seconds) * 10 + Number(micros) / 100_000)
      }
      const from = (await tenths()) + 2
      await eventually(async () => (await tenths()) > from + 10 * seconds + 2, 60_000)
      const admitted = await board.hGetAll('admitted')
      const within = Object.entries(admitted).filter(([at]) => Number(at) >= from && Number(at) < from + 10 * seconds)
      return within.reduce((sum, [, count]) => sum + Number(count), 0) / (seconds * perSecond)
    }
    await systemClock.sleep(1_500)

    const before = await used(5)
    t.diagnostic(`with Redis: ${before.toFixed(3)} of the limit`)
    assert.ok(before >= 0.9 && before <= 1.05, `${before} of the limit`)

    await limits.crash()
    await eventually(async () => Object.values(await board.hGetAll('failures')).every((value) => value !== '0'), 10_000)
    const trips = await sumOf('trips')
    const away = await used(4)
    const tried = (await sumOf('trips')) - trips
    t.diagnostic(`without: ${away.toFixed(3)} of the limit, and ${tried} trips`)
    assert.ok(away >= 0.85 && away <= 1.05, `${away} of the limit without Redis`)
    // Each tries once a second and a little more.
    assert.ok(tried <= processes * 8, `${tried} trips`)

    await limits.restart()
    await eventually(async () => (await sumOf('failures')) === 0, 20_000)
    const after = await used(5)
    t.diagnostic(`with Redis again: ${after.toFixed(3)} of the limit`)
    assert.ok(after >= 0.9 && after <= 1.05, `${after} of the limit`)
  })
})
