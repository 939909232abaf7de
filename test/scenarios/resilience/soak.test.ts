// Calls by the million through the policies as they ship, with failures, hangs, aborts and deadlines: each settles once, and nothing stays behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CircuitBreakerSnapshot } from 'servicekit/resilience/circuit-breaker'
import { type Soaked, soak } from './soak.ts'

/** What a policy that has places for calls says of them. */
interface Places {
  readonly inFlight: number
  readonly waiting?: number
  readonly refused?: number
}

const places = (snapshot: unknown): Places => snapshot as Places

function isOver(soaked: Soaked, calls: number): void {
  const { begun, ended, ends, totals } = soaked
  assert.deepEqual(
    { begun, ended, active: totals['rpc.client.active_calls'] ?? 0 },
    { begun: calls, ended: calls, active: 0 },
  )
  assert.equal(
    Object.values(ends).reduce((sum, count) => sum + count),
    calls,
  )
  assert.equal(soaked.timersLeft, 0)
}

function hasEnds({ ends }: Soaked, atLeast: number): void {
  const codes = ['ok', 'canceled', 'deadline_exceeded', 'internal', 'not_found', 'resource_exhausted', 'unavailable']
  for (const code of codes) assert.ok((ends[code] ?? 0) >= atLeast, `${code}: ${ends[code]}`)
}

/** What happened to so many calls, lest a soak prove nothing of a policy that it never came to. */
function hasHappened({ totals }: Soaked, atLeast: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(atLeast))
    assert.ok((totals[name] ?? 0) >= count, `${name}: ${totals[name]}`)
}

function isFlat({ growth, heap }: Soaked, mostBytes: number): void {
  assert.ok(growth < mostBytes, `the heap grew by ${growth.toFixed(1)} bytes a call: ${heap.join(', ')}`)
}

function isWell({ client, circuit }: Soaked): void {
  const { circuits } = client['circuitBreaker'] as CircuitBreakerSnapshot
  assert.deepEqual(
    circuits.map(({ probesInFlight }) => probesInFlight),
    [0],
  )
  assert.equal(circuit, 'closed')
  const { inFlight, waiting } = places(client['bulkhead'])
  assert.deepEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 })
}

describe('a million calls through the pipeline of a client', () => {
  it('all settle once, and leave no place taken, no timer, no listener, no circuit that is stuck and a flat heap', async () => {
    const calls = 1_000_000
    const soaked = await soak({ seed: 'client', calls, downRatio: 0.01, burstRatio: 0.0001 })
    isOver(soaked, calls)
    hasEnds(soaked, 500)
    assert.ok((soaked.ends['ok'] ?? 0) > calls / 2, `ok: ${soaked.ends['ok']}`)
    hasHappened(soaked, {
      'rpc.client.calls': calls,
      'rpc.client.retries': 10_000,
      'rpc.client.retries_given_up': 10_000,
      'rpc.client.timeouts': 1_000,
      'rpc.client.late_results': 500,
      'rpc.client.circuit_transitions': 20,
      'rpc.client.policy_refusals': 10_000,
    })
    assert.ok((places(soaked.client['bulkhead']).refused ?? 0) > 100)
    isWell(soaked)
    isFlat(soaked, 2)
  })
})

describe('a hundred thousand calls through the pipeline of a server', () => {
  it('all settle once, and leave no place taken, no timer, no listener and a flat heap', async () => {
    const calls = 100_000
    const soaked = await soak({ seed: 'server', calls, downRatio: 0.03, burstRatio: 0.002, client: false, server: {} })
    isOver(soaked, calls)
    hasEnds(soaked, 50)
    hasHappened(soaked, { 'rpc.server.calls': calls, 'rpc.server.policy_refusals': 1_000 })
    assert.equal(soaked.totals['rpc.server.active_calls'], 0)
    assert.deepEqual(
      [soaked.server['bulkhead'], soaked.server['loadShed']].map((each) => places(each).inFlight),
      [0, 0],
    )
    isFlat(soaked, 10)
  })
})

describe('a hundred thousand calls through both, with all that is off by default', () => {
  it('all settle once, and leave no place taken, nobody waiting, no timer, no listener and a flat heap', async () => {
    const calls = 100_000
    const soaked = await soak({
      seed: 'all',
      calls,
      downRatio: 0.1,
      burstRatio: 0.002,
      client: {
        hedge: { delayMs: 150 },
        rateLimit: { perSecond: 2_200, burst: 50, maxWaitMs: 300 },
        bulkhead: { limit: 250, queue: 100, maxWaitMs: 100 },
      },
      server: {
        rateLimit: { perSecond: 2_000, burst: 20, maxWaitMs: 50 },
        adaptiveLimit: { initialLimit: 200, minLimit: 150, queue: 50, maxWaitMs: 100 },
        bulkhead: { limit: 140, queue: 50, maxWaitMs: 50, order: 'adaptive_lifo' },
      },
    })
    isOver(soaked, calls)
    hasEnds(soaked, 50)
    hasHappened(soaked, {
      'rpc.client.calls': calls,
      'rpc.client.hedges': 1_000,
      'rpc.client.hedges_won': 500,
      'rpc.client.retries': 1_000,
      'rpc.client.circuit_transitions': 5,
    })
    assert.equal(soaked.totals['rpc.server.active_calls'], 0)
    isWell(soaked)
    const { client, server } = soaked
    for (const limit of [client['rateLimit'], server['rateLimit']]) {
      const { waiting, refused = 0 } = places(limit)
      assert.equal(waiting, 0)
      assert.ok(refused > 100, `refused by a rate limit: ${refused}`)
    }
    const limits = [server['loadShed'], server['adaptiveLimit'], server['bulkhead']]
    assert.deepEqual(
      limits.map((each) => places(each).inFlight),
      [0, 0, 0],
    )
    isFlat(soaked, 20)
  })
})
