// Tests of pushed-metrics.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import type { PushFailed } from './push.ts'
import { type Destination, PushedMetrics, type PushedOptions, type Sending } from './pushed-metrics.ts'
import { registry } from './registry.ts'

function scene(options: PushedOptions & { readonly destination?: Partial<Destination> } = {}) {
  const { destination, ...rest } = options
  const clock = manualClock()
  const kept = registry({ clock })
  const sendings: Sending[] = []
  const steps: string[] = []
  const send = (sending: Sending) => {
    sendings.push(sending)
    steps.push(sending.isLast ? 'last' : 'send')
    return destination?.send?.(sending)
  }
  const flush = async () => void steps.push('flush')
  const close = async () => void steps.push('close')
  const metrics = new PushedMetrics(kept, () => ({ flush, close, ...destination, send }), {
    clock,
    jitterRatio: 0,
    ...rest,
  })
  return { clock, kept, metrics, sendings, steps }
}

/** Ends only when it is told to. */
const hanging = ({ signal }: Sending) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('PushedMetrics', () => {
  it('makes its instruments where they are kept', () => {
    const { metrics, kept } = scene()
    metrics.counter({ name: 'a' }).add(1)
    metrics
      .gauge({ name: 'b', labels: ['of'] })
      .with({ of: 1 })
      .set(2)
    metrics.histogram({ name: 'c' }).observe(1)
    metrics.summary({ name: 'd' }).observe(1)
    let reads = 0
    using _ = metrics.onCollect(() => reads++)
    assert.deepEqual(
      kept.collect().map(({ kind, spec, series }) => [kind, spec.name, series.length]),
      [
        ['counter', 'a', 1],
        ['gauge', 'b', 1],
        ['histogram', 'c', 1],
        ['summary', 'd', 1],
      ],
    )
    assert.equal(reads, 1)
  })

  it('sends at intervals, at a flush, and the last time when it is closed', async () => {
    const { clock, metrics, steps } = scene({ intervalMs: 1_000 })
    await clock.advance(2_000)
    assert.deepEqual(steps, ['send', 'send'])
    await metrics.flush()
    await metrics[Symbol.asyncDispose]()
    await metrics[Symbol.asyncDispose]()
    await metrics.flush()
    await clock.advance(10_000)
    assert.deepEqual(steps, ['send', 'send', 'send', 'flush', 'last', 'flush', 'close'])
    assert.equal(clock.pending, 0)
  })

  it('says what went wrong, and throws nothing', async () => {
    const failed = recorder<PushFailed>()
    let error: Error | undefined = new Error('nobody there')
    const { metrics } = scene({
      onError: failed,
      destination: {
        send: () => {
          if (error !== undefined) throw error
        },
      },
    })
    await metrics.flush()
    assert.equal(metrics.lastError, error)
    assert.deepEqual(failed.events, [{ error, failures: 1 }])
    error = undefined
    await metrics.flush()
    assert.equal(metrics.lastError, undefined)
    await metrics[Symbol.asyncDispose]()
  })

  it('ends a sending that takes too long, and begins no other before', async () => {
    const { clock, metrics, sendings, steps } = scene({
      intervalMs: 1_000,
      timeoutMs: 2_500,
      destination: { send: hanging },
    })
    await clock.advance(3_499)
    assert.deepEqual([sendings.length, sendings[0]?.signal.aborted], [1, false])
    await clock.advance(1)
    assert.equal(sendings[0]?.signal.aborted, true)
    assert.match(String(metrics.lastError), /was not taken within 2\.5s/)
    await clock.advance(500)
    assert.equal(sendings.length, 2)
    const closing = metrics[Symbol.asyncDispose]()
    await clock.advance(5_000)
    await closing
    assert.deepEqual(steps, ['send', 'send', 'last', 'flush', 'close'])
    assert.equal(clock.pending, 0)
  })

  it('gives a sending up that ignores that it is over', async () => {
    const { clock, metrics } = scene({ timeoutMs: 2_000, destination: { send: () => new Promise<void>(() => {}) } })
    const flushing = metrics.flush()
    await clock.advance(3_000)
    await flushing
    assert.match(String(metrics.lastError), /was not taken within 3s/)
    const closing = metrics[Symbol.asyncDispose]()
    await clock.advance(3_000)
    await closing
    assert.equal(clock.pending, 0)
  })

  it('holds the process while somebody waits, and only then', async () => {
    const clock = manualClock()
    let held = 0
    const counting = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      sleep: clock.sleep.bind(clock),
      scheduleAt: clock.scheduleAt.bind(clock),
      schedule: (delayMs: number, run: () => void, options?: { background?: boolean | undefined }) => {
        if (options?.background) return clock.schedule(delayMs, run)
        held++
        const timer = clock.schedule(delayMs, () => {
          held--
          run()
        })
        return {
          cancel: () => {
            held--
            timer.cancel()
          },
        }
      },
    }
    const { metrics, sendings } = scene({ clock: counting, intervalMs: 1_000, destination: { send: hanging } })
    await clock.advance(1_000)
    assert.deepEqual([sendings.length, held], [1, 0])
    const flushing = metrics.flush()
    assert.equal(held, 1)
    await clock.advance(7_000)
    assert.equal(held, 1)
    await clock.advance(7_000)
    await flushing
    assert.equal(held, 0)
    const closing = metrics[Symbol.asyncDispose]()
    await clock.advance(20_000)
    await closing
    assert.equal(held, 0)
  })

  it('refuses options that make no sense', () => {
    for (const timeoutMs of [0, NaN, Infinity])
      assert.throws(() => scene({ timeoutMs }), { message: /timeoutMs must be a number from 1/ })
    assert.throws(() => scene({ intervalMs: 1 }), { message: /intervalMs/ })
    const open = () => assert.fail('it was opened')
    assert.throws(() => new PushedMetrics(registry(), open, { jitterRatio: 2 }), RangeError)
  })
})
