// Tests of client-pipeline.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { rootContext } from '../core/context.ts'
import { chain } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { registry } from '../metrics/registry.ts'
import { seededRandom } from '../primitives/random.ts'
import { retry } from '../resilience/retry.ts'
import { retryBudget } from '../resilience/retry-budget.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type ScriptedStep, scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type ClientPipelineOptions, clientPipeline } from './client-pipeline.ts'

const refused = new ServiceError('unavailable', 'connection refused', { retry: 'safe' })

function fixture(steps: readonly ScriptedStep<string>[], options?: ClientPipelineOptions, idempotent = true) {
  const clock = manualClock()
  const pipeline = clientPipeline({ random: seededRandom(1), ...options })
  const endpoint = scriptedEndpoint<string, string>(steps)
  const call = chain(...pipeline.call, ...pipeline.attempt)(endpoint)
  const method = { ...noMethod, service: 'shop', fullName: 'shop/read', idempotent }
  return { clock, pipeline, endpoint, call, ctx: rootContext({ clock, method }) }
}

describe('clientPipeline', () => {
  it('repeats what failed, within a timeout for each attempt and for the call', async () => {
    const { clock, call, ctx, endpoint } = fixture([{ hangs: true }, { error: refused }, { response: 'a' }], {
      budget: { take: () => true, giveBack() {}, record() {}, change() {}, snapshot: () => undefined as never },
    })
    const answered = call('', ctx)
    await clock.runAll()
    assert.equal(await answered, 'a')
    assert.deepEqual(
      endpoint.calls.map(({ at }) => Math.floor(at / 1_000)),
      [0, 2, 2],
    )
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 2_000)
    assert.equal(clock.pending, 0)
  })

  it('cuts no attempt short that could not be repeated', async () => {
    const { call, ctx, endpoint } = fixture([{ response: 'a' }], {}, false)
    await call('', ctx)
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 5_000)
    const single = fixture([{ response: 'a' }], { retry: false })
    await single.call('', single.ctx)
    assert.equal(single.endpoint.calls[0]?.ctx.deadlineAt, 5_000)
    const asked = fixture([{ response: 'a' }])
    await asked.call('', asked.ctx.with(callOptions, { retry: false }))
    assert.equal(asked.endpoint.calls[0]?.ctx.deadlineAt, 5_000)
  })

  it('cuts none short either while retries are switched off', async () => {
    const { call, ctx, endpoint, pipeline } = fixture([{ response: 'a' }])
    pipeline.policies.retry?.change({ attempts: 1 })
    await call('', ctx)
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 5_000)
  })

  it('says to a client how long its calls may take, longer than the five seconds of a client without a pipeline too', () => {
    assert.equal(clientPipeline().timeoutMs, 5_000)
    assert.equal(
      clientPipeline({ timeout: { timeoutMs: 30_000 }, circuitBreaker: { windowMs: 60_000 } }).timeoutMs,
      30_000,
    )
    assert.equal(clientPipeline({ timeout: { timeoutMs: () => 9_000 } }).timeoutMs, 2 ** 31 - 1)
    assert.equal(clientPipeline({ timeout: false }).timeoutMs, undefined)
  })

  it('gives attempts of longer calls more time, in proportion', async () => {
    const { call, ctx, endpoint } = fixture([{ response: 'a' }])
    await call('', ctx.with(callOptions, { timeoutMs: 30_000 }))
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 12_000)
    const longer = fixture([{ response: 'a' }], { timeout: { timeoutMs: 10_000 } })
    await longer.call('', longer.ctx)
    assert.equal(longer.endpoint.calls[0]?.ctx.deadlineAt, 4_000)
  })

  it('gives all attempts the limit that is given, those that cannot be repeated too', async () => {
    const { call, ctx, endpoint } = fixture([{ response: 'a' }], { attemptTimeout: { timeoutMs: 1_000 } }, false)
    await call('', ctx)
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 1_000)
  })

  it('opens the circuit after five failures in a row, and refuses without a call', async () => {
    const { clock, call, ctx, endpoint, pipeline } = fixture([{ error: refused }])
    for (let n = 0; n < 10; n++) {
      const failed = assert.rejects(call('', ctx), { code: 'unavailable' })
      await clock.advance(300)
      await failed
    }
    assert.equal(endpoint.calls.length, 5)
    assert.equal(pipeline.policies.circuitBreaker?.state(), 'open')
  })

  it('refuses more calls at once than the bulkhead lets in, and says how many connections that takes', async () => {
    const { call, ctx, pipeline } = fixture([{ hangs: true }], { bulkhead: { limit: 1 }, retry: false })
    const first = call('', ctx)
    await assert.rejects(call('', ctx), { code: 'resource_exhausted', message: 'the bulkhead is full' })
    assert.equal(pipeline.maxInFlight, 1)
    assert.equal(clientPipeline().maxInFlight, 1_000)
    assert.equal(clientPipeline({ bulkhead: false }).maxInFlight, undefined)
    ctx.cancel()
    await assert.rejects(first, { code: 'canceled' })
  })

  it('tells the budget of hedges of every call once, whoever retries', async () => {
    const shared = retryBudget()
    for (const options of [
      {},
      { retry: false },
      { retry: false, budget: retryBudget() },
      { retry: { budget: false } },
      { retry: { budget: retryBudget() } },
      { retry: retry() },
      { retry: retry({ budget: shared }), budget: shared },
    ] satisfies ClientPipelineOptions[]) {
      const { call, ctx, pipeline } = fixture([{ response: 'a' }], { hedge: { delayMs: 100 }, ...options })
      for (let n = 0; n < 64; n++) await call('', ctx)
      assert.equal(pipeline.policies.hedge?.snapshot().hedged, 0)
      assert.equal(pipeline.policies.hedge?.snapshot().budget.callsPerSecond, 64, JSON.stringify(options))
    }
  })

  it('shares one budget between retries and hedges', async () => {
    const taken: number[] = []
    const budget = {
      take: (now: number) => taken.push(now) > 0,
      giveBack() {},
      record() {},
      change() {},
      snapshot: () => undefined as never,
    }
    const { clock, call, ctx } = fixture([{ hangs: true }, { error: refused }], { budget, hedge: { delayMs: 100 } })
    const ended = call('', ctx).catch(() => 'failed')
    await clock.runAll()
    assert.equal(await ended, 'failed')
    assert.ok(taken.includes(100), 'the hedge')
    assert.ok(
      taken.some((at) => at >= 2_000),
      'the retry',
    )
  })

  it('has the budget of hedges counted once, by the retry or in its place', async () => {
    const given = { budget: retryBudget(), hedge: { delayMs: 100 } }
    for (const options of [
      given,
      { ...given, retry: false as const },
      { ...given, retry: { budget: false as const } },
      { ...given, retry: { budget: retryBudget() } },
      { ...given, retry: retry({ budget: given.budget }) },
      { retry: retry(), hedge: given.hedge },
    ]) {
      const { call, ctx, pipeline } = fixture([{ response: 'a' }], options)
      const before = pipeline.policies.hedge?.snapshot().budget.callsPerSecond ?? Number.NaN
      for (let n = 0; n < 32; n++) await call('', ctx)
      assert.equal(pipeline.policies.hedge?.snapshot().budget.callsPerSecond, before + 32)
    }
    assert.equal(given.budget.snapshot().callsPerSecond, 4 * 32)
  })

  it('counts what its parts do, and tells the listeners of its user too', async () => {
    const metrics = registry()
    const onRetry = recorder<unknown>()
    const { clock, call, ctx } = fixture([{ error: refused }, { response: 'a' }], { metrics, retry: { onRetry } })
    const answered = call('', ctx)
    await clock.runAll()
    await answered
    const counted = metrics
      .collect()
      .flatMap(({ kind, spec, series }) => (kind === 'counter' && series.length > 0 ? [spec.name] : []))
    assert.deepEqual(counted, ['rpc.client.calls', 'rpc.client.retries'])
    assert.equal(onRetry.events.length, 1)
  })

  it('takes a policy of its user in place of its own, and leaves out what is false', () => {
    const own = retry({ attempts: 5 })
    const { policies } = clientPipeline({ retry: own, circuitBreaker: false })
    assert.equal(policies.retry, own)
    assert.equal(policies.circuitBreaker, undefined)
    assert.equal(policies.hedge, undefined)
    assert.equal(policies.rateLimit, undefined)
  })

  it('shows the state of every part', () => {
    const snapshot = clientPipeline().snapshot()
    assert.deepEqual(Object.keys(snapshot), ['timeout', 'bulkhead', 'retry', 'circuitBreaker', 'attemptTimeout'])
    assert.doesNotThrow(() => JSON.stringify(snapshot))
  })

  it('warns when it is made, and when a client takes it', () => {
    const onWarning = recorder<{ code: string }>()
    const pipeline = clientPipeline({ circuitBreaker: { windowMs: 1_000 }, onWarning })
    assert.deepEqual(
      onWarning.events.map(({ code }) => code),
      ['window_below_retries'],
    )
    pipeline.check?.({ methods: [], maxConnections: 5 })
    assert.deepEqual(
      onWarning.events.map(({ code }) => code),
      ['window_below_retries', 'pool_below_bulkhead'],
    )
  })

  it('refuses options out of their range, with the words of the part', () => {
    assert.throws(() => clientPipeline({ retry: { attempts: 0 } }), /attempts must be an integer from 1 to 100/)
    assert.throws(
      () => clientPipeline({ bulkhead: 3 as never }),
      /bulkhead must be options, a policy or false, but is 3/,
    )
  })
})
