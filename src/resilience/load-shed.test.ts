// Tests of load-shed.ts: what callers, operators and the four kinds of calls see. What it does to a server under load is in admission.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Criticality, criticality } from '../core/inbound.ts'
import { type Kind, noMethod } from '../core/method.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type LoadShedOptions, loadShed } from './load-shed.ts'
import type { RefusedEvent } from './policy.ts'

const answers: Endpoint<unknown, string> = () => Promise.resolve('served')

/** A policy over an endpoint, and calls to it of which the time can be told. */
function shedding(options?: LoadShedOptions, next: Endpoint<unknown, unknown> = answers) {
  const clock = manualClock()
  const shed = loadShed({ random: seededRandom(1), ...options })
  const endpoint = shed(next)
  const call = (level: Criticality = 'critical', kind: Kind = 'unary') => {
    const ctx = rootContext({ clock, method: { ...noMethod, kind } }).with(criticality, level)
    return endpoint('request', ctx).catch((thrown: unknown) => thrown)
  }
  /** A hundred calls in an interval, which are what shares are worked out from. */
  const interval = async (level?: Criticality) => {
    for (let i = 0; i < 100; i++) await call(level)
    await clock.advance(100)
  }
  return { clock, shed, call, interval }
}

/** As much pressure as the test says. */
const pressing = (level: number) => ({ level: () => level })

describe('loadShed', () => {
  it('lets all calls through while no signal is above its limit', async () => {
    const { shed, interval } = shedding({ pressure: pressing(1) })
    for (let i = 0; i < 10; i++) await interval('sheddable')
    const { isShedding, levels } = shed.snapshot()
    assert.equal(isShedding, false)
    assert.deepEqual([levels.sheddable.admitted, levels.sheddable.refused, levels.sheddable.share], [1_000, 0, 1])
  })

  it('counts nothing as in flight that an endpoint did not promise', async () => {
    for (const response of [undefined, 'no promise']) {
      const { shed, call } = shedding({}, () => response as never)
      assert.ok((await call()) instanceof TypeError)
      assert.equal(shed.snapshot().inFlight, 0)
    }
  })

  it('takes a wait that makes no sense for none', async () => {
    const { shed, interval } = shedding({ pressure: pressing(3) })
    for (let i = 0; i < 5; i++) await interval('sheddable')
    for (const waitedMs of [Number.NaN, -1e9]) {
      shed.observeSojourn(waitedMs)
      await interval('sheddable')
      await interval('sheddable')
      const { share } = shed.snapshot().levels.sheddable
      assert.ok(share > 0 && share < 1, `${share}`)
    }
  })

  it('refuses with an error that is safe to retry, after a time that is not the same for all', async () => {
    const refused = recorder<RefusedEvent>()
    const { interval, call } = shedding({ pressure: pressing(20), onRefused: refused, retryAfterMs: 1_000 })
    for (let i = 0; i < 20; i++) await interval()
    const error = await call()
    assert.ok(error instanceof ServiceError)
    assert.deepEqual(
      [error.code, error.retry, error.message],
      ['resource_exhausted', 'safe', 'the service is overloaded'],
    )
    const afterMs = refused.events.map((event) => event.error.retryAfterMs as number)
    assert.ok(Math.min(...afterMs) >= 500 && Math.min(...afterMs) < 600)
    assert.ok(Math.max(...afterMs) <= 1_500 && Math.max(...afterMs) > 1_400)
    const last = refused.events.at(-1)
    assert.deepEqual([last?.policy, last?.error, last?.ctx.method], ['load_shed', error, last?.ctx.method])
  })

  it('refuses a call before it runs', async () => {
    let runs = 0
    const { shed, interval } = shedding({ pressure: pressing(20) }, () => Promise.resolve(runs++))
    for (let i = 0; i < 40; i++) await interval()
    const { admitted, refused } = shed.snapshot().levels.critical
    assert.deepEqual([admitted, admitted + refused], [runs, 4_000])
    assert.ok(refused > 1_000)
  })

  it('lets all calls through again when the pressure is gone', async () => {
    let level = 3
    const { shed, interval } = shedding({ pressure: { level: () => level } })
    for (let i = 0; i < 20; i++) await interval()
    assert.equal(shed.snapshot().isShedding, true)
    level = 0
    for (let i = 0; i < 20; i++) await interval()
    const { isShedding, levels } = shed.snapshot()
    assert.equal(isShedding, false)
    assert.equal(levels.critical.share, 1)
  })

  it('lets all calls through after a time in which nobody called', async () => {
    const { clock, shed, interval, call } = shedding({ pressure: pressing(20) })
    for (let i = 0; i < 20; i++) await interval()
    await clock.advance(10_000)
    assert.equal(await call('sheddable'), 'served')
    assert.equal(shed.snapshot().isShedding, false)
  })

  it('sheds when calls wait too long inside, and not when one burst does', async () => {
    const { shed, interval } = shedding()
    const wait = async (waitedMs: number) => {
      for (let i = 0; i < 100; i++) shed.observeSojourn(waitedMs)
      await interval()
    }
    await wait(0)
    await wait(60)
    await wait(0)
    assert.equal(shed.snapshot().isShedding, false)
  })

  it('sheds when what is in flight would take too long', async () => {
    const clock = manualClock()
    const shed = loadShed({ maxInFlightMs: 200, random: seededRandom(1) })
    const endpoint = shed(async (_request: unknown, ctx) => {
      await ctx.clock.sleep(500)
    })
    const ctx = rootContext({ clock })
    for (let i = 0; i < 1_000; i++) {
      endpoint('request', ctx).catch(() => {})
      await clock.advance(1)
    }
    const { isShedding, load, inFlight } = shed.snapshot()
    assert.equal(isShedding, true)
    assert.ok(load.inFlight > 1)
    await clock.advance(500)
    assert.ok(inFlight > 0)
    assert.deepEqual([shed.snapshot().inFlight, clock.pending], [0, 0])
  })

  it('counts nothing in flight that failed, whether it threw or rejected', async () => {
    const thrower: Endpoint<unknown, never> = () => {
      throw new Error('at once')
    }
    for (const next of [thrower, () => Promise.reject(new Error('later'))]) {
      const { shed, call } = shedding({}, next)
      for (const kind of ['unary', 'bidiStream'] as const) assert.ok((await call('critical', kind)) instanceof Error)
      assert.equal(shed.snapshot().inFlight, 0)
    }
  })

  it('does not take refusals and time-outs inside for completed calls', async () => {
    for (const code of ['resource_exhausted', 'unavailable', 'deadline_exceeded', 'canceled'] as const) {
      const { shed, interval } = shedding({}, () => Promise.reject(new ServiceError(code)))
      for (let i = 0; i < 3; i++) await interval()
      assert.equal(shed.snapshot().servedPerSecond, 0)
    }
    const { shed, interval } = shedding({}, () => Promise.reject(new ServiceError('not_found')))
    for (let i = 0; i < 10; i++) await interval()
    assert.ok(Math.abs(shed.snapshot().servedPerSecond - 1_000) < 1)
  })

  it('decides once, when a call of any kind begins, and has those with a stream of requests not in flight', async () => {
    for (const kind of ['unary', 'serverStream', 'clientStream', 'bidiStream'] as const) {
      const running = Promise.withResolvers<void>()
      let isPressed = false
      const { shed, interval, call } = shedding(
        { pressure: { level: () => (isPressed ? 20 : 0) } },
        () => running.promise,
      )
      const before = call('critical', kind)
      assert.equal(shed.snapshot().inFlight, kind === 'unary' || kind === 'serverStream' ? 1 : 0, kind)
      isPressed = true
      running.resolve()
      for (let i = 0; i < 20; i++) await interval()
      assert.equal(await before, undefined)
      assert.ok((await call('sheddable', kind)) instanceof ServiceError, kind)
    }
  })

  it('takes a limit that is changed while it runs, and keeps the others', () => {
    const shed = loadShed({ maxSojournMs: 30 })
    shed.change({ maxInFlightMs: 400 })
    const { maxSojournMs, maxInFlightMs } = shed.snapshot()
    assert.deepEqual([maxSojournMs, maxInFlightMs], [30, 400])
    assert.throws(() => shed.change({ maxSojournMs: 50, maxInFlightMs: 0 }), {
      name: 'RangeError',
      message: /maxInFlightMs/,
    })
    assert.equal(shed.snapshot().maxSojournMs, 30)
  })

  it('refuses options out of their range', () => {
    const wrong = [{ maxSojournMs: 0 }, { maxInFlightMs: Number.NaN }, { intervalMs: 5 }, { retryAfterMs: -1 }]
    for (const options of wrong) {
      assert.throws(() => loadShed(options), { name: 'RangeError', message: new RegExp(Object.keys(options).join()) })
    }
  })

  it('shows what it is set to and how it was', () => {
    const { shed } = shedding()
    const snapshot = shed.snapshot()
    assert.equal(snapshot.maxInFlightMs, undefined)
    assert.deepEqual(snapshot.levels.critical, { share: 1, offeredPerSecond: 0, admitted: 0, refused: 0 })
  })

  it('completes what a server can, and the critical calls first, at three times its load', async () => {
    const clock = manualClock()
    const shed = loadShed({ random: seededRandom(1) })
    let freeAt = 0
    const done = { critical: 0, sheddable: 0 }
    // One call at a time, 10 ms each.
    const endpoint = shed(async (_request: unknown, ctx) => {
      const now = clock.now()
      freeAt = Math.max(now, freeAt) + 10
      await clock.sleep(freeAt - 10 - now)
      shed.observeSojourn(clock.now() - now)
      await clock.sleep(10)
      done[ctx.get(criticality) as keyof typeof done]++
    })
    for (let call = 0; call < 3_000; call++) {
      const level = call % 4 === 0 ? 'critical' : 'sheddable'
      endpoint(undefined, rootContext({ clock }).with(criticality, level)).catch(() => {})
      await clock.advance(10 / 3)
    }
    assert.ok(done.critical > 0.95 * 750, `${done.critical} of 750 critical calls`)
    assert.ok(done.critical + done.sheddable > 900, 'of 1,000 that it can complete')
  })

  it('sheds by pressure although many more calls were completed when they were cheap', async () => {
    const clock = manualClock()
    let level = 0
    const policy = loadShed({ pressure: { level: () => level }, random: seededRandom(1) })
    const call = policy(async () => 'a')
    const ctx = rootContext({ clock }).with(criticality, 'sheddable')
    const play = async (perSecond: number, seconds: number) => {
      let refused = 0
      for (let n = 0; n < perSecond * seconds; n++) {
        await call('', ctx).catch(() => refused++)
        clock.runNext(clock.now() + 1_000 / perSecond)
      }
      return refused / (perSecond * seconds)
    }
    assert.equal(await play(1_000, 10), 0)
    level = 17
    await play(100, 1)
    assert.ok((await play(100, 4)) > 0.3)
  })
})
