// Tests of server-pipeline.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { chain } from '../core/endpoint.ts'
import { criticality } from '../core/inbound.ts'
import { seededRandom } from '../primitives/random.ts'
import { bulkhead } from '../resilience/bulkhead.ts'
import { loadShed } from '../resilience/load-shed.ts'
import type { RefusedEvent } from '../resilience/policy.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type ServerPipelineOptions, serverPipeline } from './server-pipeline.ts'

describe('serverPipeline', () => {
  it('has load shedding before a bulkhead, and no other limit unless it is asked for', () => {
    using pipeline = serverPipeline()
    assert.deepEqual(Object.keys(pipeline.snapshot()), ['loadShed', 'bulkhead'])
    assert.equal(pipeline.use.length, 2)
    using all = serverPipeline({ rateLimit: { perSecond: 10 }, adaptiveLimit: {} })
    assert.deepEqual(Object.keys(all.snapshot()), ['loadShed', 'rateLimit', 'adaptiveLimit', 'bulkhead'])
    assert.doesNotThrow(() => JSON.stringify(all.snapshot()))
  })

  it('sheds by the pressure that it is given, the least critical first', async () => {
    const clock = manualClock()
    const onRefused = recorder<RefusedEvent>()
    const overloaded = { level: () => 3 }
    using pipeline = serverPipeline({
      loadShed: { pressure: overloaded },
      events: { onRefused },
      random: seededRandom(1),
    })
    const call = chain(...pipeline.use)(async () => 'a')
    const ctx = rootContext({ clock })
    for (let n = 0; n < 200; n++) {
      await clock.advance(10)
      for (const level of ['critical_plus', 'sheddable'] as const)
        await call('', ctx.with(criticality, level)).catch(() => {})
    }
    const shed = onRefused.events.map((event) => event.ctx.get(criticality))
    assert.ok(shed.length > 50, `${shed.length} were refused`)
    assert.deepEqual(new Set(shed), new Set(['sheddable']))
    assert.equal(onRefused.events[0]?.policy, 'load_shed')
  })

  const queue = { queue: 1_000, maxWaitMs: 60_000 }
  const waiting: readonly [string, ServerPipelineOptions][] = [
    ['bulkhead', { bulkhead: { limit: 1, ...queue } }],
    ['adaptive limit', { adaptiveLimit: { maxLimit: 1, ...queue } }],
    ['adaptive limit where there is no bulkhead', { adaptiveLimit: { maxLimit: 1, ...queue }, bulkhead: false }],
    ['bulkhead behind an adaptive limit', { adaptiveLimit: { minLimit: 1_000 }, bulkhead: { limit: 1, ...queue } }],
  ]
  for (const [what, options] of waiting)
    it(`sheds when calls wait for the ${what}`, async () => {
      const clock = manualClock()
      using pipeline = serverPipeline({
        loadShed: { pressure: { level: () => 0 } },
        random: seededRandom(1),
        ...options,
      })
      const call = chain(...pipeline.use)(scriptedEndpoint([{ delayMs: 10 }]))
      const ctx = rootContext({ clock }).with(criticality, 'sheddable')
      const calls: Promise<unknown>[] = []
      for (let n = 0; n < 400; n++) {
        calls.push(
          call('', ctx).then(
            () => 'ok',
            (thrown) => thrown.message,
          ),
        )
        await clock.advance(5)
      }
      await clock.runAll()
      const ended = await Promise.all(calls)
      assert.ok(ended.includes('the service is overloaded'))
    })

  it('tells load shedding of each call once, with what it waited in both queues', async () => {
    const clock = manualClock()
    const shed = loadShed()
    const told: number[] = []
    const watched = Object.assign(shed, { observeSojourn: (waitedMs: number) => told.push(waitedMs) })
    using pipeline = serverPipeline({
      loadShed: watched,
      adaptiveLimit: { minLimit: 2, maxLimit: 2, queue: 10 },
      bulkhead: { limit: 1, queue: 10 },
    })
    const call = chain(...pipeline.use)(scriptedEndpoint([{ delayMs: 10 }]))
    const calls = [1, 2, 3].map(() => call('', rootContext({ clock })))
    await clock.runAll()
    await Promise.all(calls)
    assert.deepEqual(told, [0, 10, 20])
  })

  it('takes a policy of its user in place of its own, and leaves out what is false', () => {
    const own = bulkhead({ limit: 2 })
    using pipeline = serverPipeline({ bulkhead: own, loadShed: false })
    assert.deepEqual(pipeline.use, [own])
  })

  it('refuses options out of their range, and holds nothing then', () => {
    assert.throws(() => serverPipeline({ bulkhead: { limit: 0 } }), /limit must be an integer from 1/)
    assert.throws(() => serverPipeline({ bulkHead: false } as never), /"bulkHead": bulkhead is meant/)
    assert.throws(() => serverPipeline({ loadShed: 1 as never }), /loadShed must be options, a policy or false/)
  })
})
