import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { instanceAt } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'
import { type ProbeChangeEvent, type ProbeOptions, probe } from './probe.ts'

const instance = instanceAt('a:1')

/** Something to check, which does as it is told. */
class Checked {
  readonly clock = manualClock()
  readonly contexts: Context[] = []
  readonly checkedAt: number[] = []
  readonly events: ProbeChangeEvent[] = []
  changes = 0
  inFlight = 0
  does: 'well' | 'fails' | 'hangs' | 'ignores its end' = 'well'
  /** Ends a check that ignores its end. */
  end: () => void = () => {}

  health(options?: Partial<ProbeOptions>): InstanceHealth {
    const health = probe({
      check: (_, ctx) => this.#check(ctx),
      clock: this.clock,
      random: () => 0.5,
      jitterRatio: 0,
      onChange: (event) => this.events.push(event),
      ...options,
    })(instance)
    health.onChange(() => {
      this.changes++
    })
    return health
  }

  async #check(ctx: Context): Promise<void> {
    this.contexts.push(ctx)
    this.checkedAt.push(this.clock.now())
    this.inFlight++
    assert.equal(this.inFlight, 1, 'one check at a time')
    try {
      if (this.does === 'fails') throw new Error('not well')
      if (this.does === 'hangs') await new Promise((_, reject) => ctx.onAbort(reject))
      if (this.does === 'ignores its end')
        await new Promise<void>((resolve) => {
          this.end = resolve
        })
    } finally {
      this.inFlight--
    }
  }
}

describe('probe', () => {
  it('checks at once and then at each interval, and is healthy meanwhile', async () => {
    const checked = new Checked()
    using health = checked.health()
    assert.equal(health.healthy, true)
    await checked.clock.advance(25_000)
    assert.deepEqual(checked.checkedAt, [0, 10_000, 20_000])
    assert.deepEqual([health.healthy, checked.changes, health.describe?.()], [true, 0, undefined])
    assert.equal(checked.contexts[0]?.deadlineAt, 2_000)
  })

  it('is unhealthy after some failures in a row, and healthy after some successes in a row', async () => {
    const checked = new Checked()
    using health = checked.health()
    const states: [boolean, string | undefined][] = []
    for (const does of [
      'fails',
      'fails',
      'well',
      'fails',
      'fails',
      'fails',
      'well',
      'fails',
      'well',
      'well',
    ] as const) {
      checked.does = does
      await checked.clock.advance(states.length === 0 ? 0 : 10_000)
      states.push([health.healthy, health.describe?.()])
    }
    assert.deepEqual(states, [
      [true, 'check failed once: not well'],
      [true, 'check failed 2 times in a row: not well'],
      [true, undefined],
      [true, 'check failed once: not well'],
      [true, 'check failed 2 times in a row: not well'],
      [false, 'check failed 3 times in a row: not well'],
      [false, 'check succeeded 1 of 2 times'],
      [false, 'check failed once: not well'],
      [false, 'check succeeded 1 of 2 times'],
      [true, undefined],
    ])
    assert.equal(checked.changes, 2)
    assert.deepEqual(
      checked.events.map(({ healthy, error }) => [healthy, error?.message]),
      [
        [false, 'not well'],
        [true, undefined],
      ],
    )
    assert.equal(checked.events[0]?.instance, instance)
  })

  it('may begin as unhealthy: then the first success is enough, and the next time as many as always', async () => {
    const checked = new Checked()
    checked.does = 'fails'
    using health = checked.health({ initially: 'unhealthy', unhealthyAfter: 1 })
    assert.deepEqual([health.healthy, health.describe?.()], [false, 'not checked yet'])
    await checked.clock.advance(0)
    assert.equal(checked.changes, 0)
    checked.does = 'well'
    await checked.clock.advance(10_000)
    assert.equal(health.healthy, true)
    checked.does = 'fails'
    await checked.clock.advance(10_000)
    checked.does = 'well'
    await checked.clock.advance(10_000)
    assert.equal(health.healthy, false)
  })

  it('fails when it takes too long, and ends the check then', async () => {
    const checked = new Checked()
    checked.does = 'hangs'
    using health = checked.health({ unhealthyAfter: 1, timeoutMs: 500 })
    await checked.clock.advance(499)
    assert.equal(checked.inFlight, 1)
    await checked.clock.advance(1)
    assert.equal(checked.inFlight, 0)
    assert.deepEqual([health.healthy, health.describe?.()], [false, 'check failed once: no answer within 500ms'])
    assert.equal(checked.contexts[0]?.aborted, true)
  })

  it('waits for the end of a check that takes longer than the interval', async () => {
    const checked = new Checked()
    checked.does = 'hangs'
    using _ = checked.health({ intervalMs: 1_000, timeoutMs: 1_500 })
    await checked.clock.advance(4_000)
    assert.deepEqual(checked.checkedAt, [0, 1_500, 3_000])
  })

  it('begins no other check while one ignores its end, and takes that for a failure each time', async () => {
    const checked = new Checked()
    checked.does = 'ignores its end'
    using health = checked.health()
    await checked.clock.advance(20_000)
    assert.equal(checked.checkedAt.length, 1)
    assert.deepEqual(
      [health.healthy, health.describe?.()],
      [false, 'check failed 3 times in a row: a check has not ended for 20s'],
    )
    checked.does = 'well'
    checked.end()
    await checked.clock.advance(20_000)
    assert.deepEqual(checked.checkedAt, [0, 30_000, 40_000])
    assert.equal(health.healthy, true)
  })

  it('spreads checks by chance, the first ones too', async () => {
    const checked = new Checked()
    const random = seededRandom(3)
    using _ = checked.health({ jitterRatio: 0.2, random })
    await checked.clock.advance(200_000)
    const [first = Infinity, ...others] = checked.checkedAt
    assert.ok(first > 0 && first < 2_000)
    const waits = others.map((at, n) => at - (checked.checkedAt[n] as number))
    assert.ok(waits.every((wait) => wait >= 8_000 && wait <= 12_000))
    assert.ok(Math.max(...waits) - Math.min(...waits) > 2_000)
  })

  it('lets go of everything when it is disposed, in the middle of a check too', async () => {
    for (const does of ['well', 'hangs', 'ignores its end'] as const) {
      const checked = new Checked()
      checked.does = does
      const health = checked.health({ unhealthyAfter: 1 })
      await checked.clock.advance(1)
      health[Symbol.dispose]()
      health[Symbol.dispose]()
      await checked.clock.settle()
      assert.equal(checked.clock.pending, 0)
      assert.equal(checked.inFlight, does === 'ignores its end' ? 1 : 0, does)
      await checked.clock.advance(60_000)
      checked.end()
      await checked.clock.settle()
      assert.deepEqual([checked.checkedAt.length, checked.changes, checked.clock.pending], [1, 0, 0], does)
    }
  })

  it('ends when a listener disposes it', async () => {
    const checked = new Checked()
    checked.does = 'fails'
    const health = checked.health({ unhealthyAfter: 1, onChange: () => health[Symbol.dispose]() })
    await checked.clock.advance(60_000)
    assert.deepEqual([checked.checkedAt.length, checked.clock.pending], [1, 0])
  })

  it('refuses what makes no sense', () => {
    const check = async () => {}
    assert.throws(() => probe({} as ProbeOptions), /check must be a function/)
    assert.throws(() => probe({ check, initially: 'sick' as never }), /initially must be/)
    for (const option of ['intervalMs', 'timeoutMs', 'unhealthyAfter', 'healthyAfter'] as const)
      assert.throws(() => probe({ check, [option]: 0 }), new RegExp(`^RangeError: ${option} must be`))
    assert.throws(() => probe({ check, jitterRatio: 2 }), /jitterRatio must be/)
  })
})
