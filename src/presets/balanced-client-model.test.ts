import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import { bidiStream, clientStream, contract, serverStream, unary } from '../core/contract.ts'
import { ServiceError } from '../core/errors.ts'
import { explain } from '../discovery/explain.ts'
import { hashRing } from '../discovery/hash-ring.ts'
import { leastLoaded } from '../discovery/least-loaded.ts'
import { peakEwma } from '../discovery/peak-ewma.ts'
import { random } from '../discovery/random.ts'
import { roundRobin } from '../discovery/round-robin.ts'
import { slowStart } from '../discovery/slow-start.ts'
import { twoChoices } from '../discovery/two-choices.ts'
import { weighted } from '../discovery/weighted.ts'
import { zones } from '../discovery/zones.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { ClientTransport } from '../transport/client-transport.ts'
import { balancedClient } from './balanced-client.ts'

const shop = contract('shop', {
  unary: unary.of<string, string>({ idempotent: true }),
  serverStream: serverStream.of<string, string>({ idempotent: true }),
  clientStream: clientStream.of<string, string>({ idempotent: true }),
  bidiStream: bidiStream.of<string, string>(),
})

/** What one attempt does. */
interface Play {
  readonly does: 'answer' | 'fail' | 'throw' | 'hang' | 'break'
  readonly afterMs: number
  readonly messages: number
}

/** What one call is like for its caller. */
interface Made {
  readonly kind: keyof typeof shop.methods
  readonly timeoutMs: number | undefined
  readonly abortAfterMs: number | undefined
  /** After how many messages a stream is left. */
  readonly reads: number
}

const play: fc.Arbitrary<Play> = fc.record({
  does: fc.constantFrom('answer', 'answer', 'fail', 'throw', 'hang', 'break'),
  afterMs: fc.constantFrom(0, 1, 20, 3_000),
  messages: fc.nat(3),
})
const call: fc.Arbitrary<Made> = fc.record({
  kind: fc.constantFrom('unary', 'serverStream', 'clientStream', 'bidiStream'),
  timeoutMs: fc.constantFrom(undefined, 0, 10, 1_000),
  abortAfterMs: fc.constantFrom(undefined, undefined, 0, 1, 50),
  reads: fc.nat(4),
})
const member = fc.record({
  id: fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'),
  address: fc.constantFrom('h:1', 'h:2', 'h:3', 'h:4'),
  weight: fc.constantFrom(undefined, 0, 1, 5),
  priority: fc.constantFrom(undefined, 0, 1),
  zone: fc.constantFrom(undefined, 'x', 'y'),
})
const step = fc.oneof(
  { weight: 5, arbitrary: call.map((made) => ({ call: made })) },
  { weight: 2, arbitrary: fc.array(member, { maxLength: 5 }).map((set) => ({ set })) },
  { weight: 1, arbitrary: fc.constant({ outage: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 30, 2_000).map((ms) => ({ ms })) },
)
const balancers = (seed: number) => {
  const chance = { random: seededRandom(seed) }
  return [
    peakEwma(chance),
    leastLoaded(chance),
    twoChoices(chance),
    random(chance),
    roundRobin(),
    weighted(chance),
    hashRing(chance),
    slowStart(twoChoices(chance), chance),
    zones({ own: 'x', of: () => peakEwma(chance) }),
  ]
}

describe('balancedClient, whatever happens', () => {
  it('counts every attempt until it has ended, closes all that it opened, and leaves nothing pending', async () => {
    const script = fc.record({
      steps: fc.array(step, { maxLength: 25 }),
      plays: fc.array(play, { minLength: 1, maxLength: 10 }),
      balancer: fc.nat(8),
      whenEmpty: fc.constantFrom('wait' as const, 'fail' as const),
      hedges: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(script, async ({ steps, plays, balancer, whenEmpty, hedges }) => {
        const clock = manualClock()
        const registry = new PlayedRegistry(clock)
        let opened = 0
        let closed = 0
        let turn = 0
        const over: ClientTransport = {
          name: 'played',
          wire: () => {
            opened++
            return {
              connect: (method) => (request, ctx) => {
                const next = plays[turn++ % plays.length] as Play
                return answerOf(next, method.kind, request, ctx)
              },
              close: () => void closed++,
            }
          },
        }
        const client = balancedClient(shop, {
          instancer: registry.instancer,
          over,
          clock,
          whenEmpty,
          balancer: balancers(balancer)[balancer],
          pipeline: {
            random: seededRandom(balancer),
            hedge: hedges ? { delayMs: 5 } : false,
            circuitBreaker: { consecutiveFailures: 2, probes: 1 },
          },
        })
        const calls: Promise<void>[] = []
        for (const each of steps) {
          if ('call' in each) calls.push(make(client, each.call, clock))
          else if ('set' in each) await registry.say(...each.set)
          else if ('outage' in each) await registry.fail(new Error('gone'))
          else await clock.advance(each.ms)
          for (const { inFlight } of explain(client).instances) assert.ok(inFlight >= 0)
        }
        await clock.advance(200_000)
        await Promise.all(calls)
        const { instances } = explain(client)
        assert.ok(instances.every(({ inFlight }) => inFlight === 0))
        assert.ok(opened - closed <= instances.length)
        await client[Symbol.asyncDispose]()
        await clock.advance(2_000)
        assert.equal(opened, closed)
        assert.deepEqual([registry.open, clock.pending], [0, 0])
      }),
      { seed: 42, numRuns: 200 },
    )
  })
})

async function make(
  client: ReturnType<typeof balancedClient<(typeof shop)['methods']>>,
  made: Made,
  clock: Clock,
): Promise<void> {
  const stopping = new AbortController()
  const { kind, timeoutMs, abortAfterMs, reads } = made
  const options = { timeoutMs, signal: stopping.signal }
  if (abortAfterMs === 0) stopping.abort()
  else if (abortAfterMs !== undefined) clock.schedule(abortAfterMs, () => stopping.abort())
  const requests = async function* () {
    yield 'one'
    yield 'two'
  }
  try {
    if (kind === 'unary') await client.unary('x', options)
    else if (kind === 'clientStream') await client.clientStream(requests(), options)
    else {
      const replies =
        kind === 'serverStream' ? await client.serverStream('x', options) : await client.bidiStream(requests(), options)
      let read = 0
      if (reads > 0) for await (const _ of replies) if (++read === reads) break
      if (reads === 0) await replies[Symbol.asyncIterator]().return?.()
    }
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, String(thrown))
  }
}

async function answerOf(next: Play, kind: Made['kind'], request: unknown, ctx: Context): Promise<unknown> {
  if (next.does === 'hang') return new Promise(() => {})
  if (kind === 'clientStream') for await (const _ of request as AsyncIterable<string>);
  if (next.afterMs > 0) await ctx.clock.sleep(next.afterMs, ctx)
  if (next.does === 'fail') throw new ServiceError('unavailable', 'down', { retry: 'safe' })
  if (next.does === 'throw') throw new TypeError('a bug')
  if (kind === 'unary' || kind === 'clientStream') return 'answer'
  return messages(next, ctx)
}

async function* messages({ messages: count, does, afterMs }: Play, ctx: Context): AsyncGenerator<string> {
  for (let sent = 0; sent < count; sent++) {
    yield `message ${sent}`
    if (afterMs > 0) await ctx.clock.sleep(afterMs, ctx)
  }
  if (does === 'break') throw new ServiceError('internal', 'broken')
}
