// Tests of cache.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type ScriptedStep, scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type CacheOptions, cache, type LookupEvent } from './cache.ts'

type Some = Partial<CacheOptions<string, string>>

function setUp(options: Some, steps: readonly ScriptedStep<string>[] = [{ delayMs: 10, response: 'r' }]) {
  const clock = manualClock()
  const next = scriptedEndpoint<string, string>(steps)
  const looks: LookupEvent[] = []
  const policy = cache<string, string>({
    key: (request) => request,
    ttlMs: 100,
    earlyRefresh: 0,
    onLookup: (event) => looks.push(event),
    ...options,
  })
  const call = policy(next)
  const open = (timeoutMs = 1_000) => rootContext({ clock, deadlineAt: clock.now() + timeoutMs })
  /** Calls, and lets as much time pass as the answer needs. */
  const ask = async (request = 'q', ms = 10) => {
    const answer = call(request, open())
    answer.catch(() => {})
    await clock.advance(ms)
    return answer
  }
  const results = () => looks.map(({ result }) => result).join(' ')
  return { clock, next, looks, policy, call, open, ask, results }
}

const isCode = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code
const down: ScriptedStep<string> = { error: new ServiceError('unavailable', 'down') }

describe('cache', () => {
  it('gives a response again while it is fresh, and calls again after that', async () => {
    const { clock, next, ask, looks } = setUp({}, [
      { delayMs: 10, response: 'one' },
      { delayMs: 10, response: 'two' },
    ])
    assert.equal(await ask(), 'one')
    await clock.advance(99)
    assert.equal(await ask('q', 0), 'one')
    await clock.advance(1)
    assert.equal(await ask(), 'two')
    assert.equal(next.calls.length, 2)
    assert.deepEqual(
      looks.map(({ key, result, ageMs }) => [key, result, ageMs]),
      [
        ['q', 'miss', undefined],
        ['q', 'hit', 99],
        ['q', 'miss', undefined],
      ],
    )
    assert.equal(clock.pending, 0)
  })

  it('makes one call for ten thousand equal ones, and none for those that come after', async () => {
    const { clock, next, call, open, policy } = setUp({})
    const ctx = open()
    const answers = Array.from({ length: 10_000 }, () => call('q', ctx))
    await clock.advance(10)
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['r']))
    await call('q', ctx)
    assert.equal(next.calls.length, 1)
    assert.deepEqual(policy.snapshot().lookups, { hit: 1, refresh: 0, stale: 0, negative: 0, miss: 10_000 })
  })

  it('keeps at most so many answers, and lets one go that was not asked for lately', async () => {
    const { next, ask, policy } = setUp({ maxEntries: 2, ttlMs: 1_000 })
    for (const request of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(request)
    assert.deepEqual(
      next.calls.map(({ request }) => request),
      ['a', 'b', 'c', 'b'],
    )
    assert.equal(policy.snapshot().entries, 2)
  })

  it('does not look up a call without a key', async () => {
    const { ask, next, looks } = setUp({ key: () => undefined })
    await ask()
    await ask()
    assert.deepEqual([next.calls.length, looks.length], [2, 0])
  })

  it('keeps a response whose caller has left', async () => {
    const { clock, call, open, ask, next } = setUp({}, [{ delayMs: 10, response: 'r', ignoresAbort: true }])
    const patient = call('q', open())
    const left = assert.rejects(call('q', open(5)), isCode('deadline_exceeded'))
    await clock.advance(10)
    await left
    await patient
    await ask()
    assert.equal(next.calls.length, 1)
  })

  it('calls off a miss that nobody waits for any more', async () => {
    const { clock, call, open, next } = setUp({}, [{ hangs: true }])
    const ctx = open()
    const left = assert.rejects(call('q', ctx), isCode('canceled'))
    ctx.cancel()
    await left
    assert.equal(next.calls[0]?.ctx.aborted, true)
    assert.equal(clock.pending, 0)
  })

  it('fails calls of the three streaming kinds, and those whose key cannot be found', async () => {
    const { call } = setUp({})
    for (const kind of ['serverStream', 'clientStream', 'bidiStream'] as const)
      await assert.rejects(call('q', rootContext({ method: { ...noMethod, kind } })), /only unary calls can share/)
    const { call: keyless } = setUp({ key: (request) => request.slice(1).repeat(-1) })
    await assert.rejects(keyless('q', rootContext()), RangeError)
  })

  it('refuses options that make no sense', () => {
    const key = () => 'k'
    for (const options of [{ ttlMs: 0 }, { ttlMs: Number.NaN }, { ttlMs: '5' as never }] as const)
      assert.throws(() => cache({ key, ...options }), /ttlMs must be a number above 0/)
    for (const [name, value] of Object.entries({
      maxEntries: 0,
      staleWhileRevalidateMs: -1,
      staleIfErrorMs: -1,
      earlyRefresh: -1,
      negativeTtlMs: -1,
      refreshTimeoutMs: 0,
      refreshPauseMs: -1,
    }))
      assert.throws(() => cache({ key, ttlMs: 1, [name]: value }), new RegExp(`^RangeError: ${name} must be`))
    assert.throws(
      () => cache({ key, ttlMs: 1, maxEntries: Infinity }),
      /maxEntries must be an integer from 1 to 8388608/,
    )
    assert.throws(() => cache({ key: 'id' as never, ttlMs: 1 }), /key must be a function/)
  })

  it('says how it is set', () => {
    const { policy } = setUp({ staleIfErrorMs: 5, maxEntries: 7 })
    assert.deepEqual(policy.snapshot(), {
      ttlMs: 100,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 5,
      earlyRefresh: 0,
      negativeTtlMs: 0,
      refreshTimeoutMs: undefined,
      refreshPauseMs: 1_000,
      maxEntries: 7,
      entries: 0,
      inFlight: 0,
      waiting: 0,
      lookups: { hit: 0, refresh: 0, stale: 0, negative: 0, miss: 0 },
    })
  })
})

describe('What a cache keeps', () => {
  it('is no response that may not be kept', async () => {
    const { ask, next } = setUp({ cacheable: (response) => response !== 'r' })
    await ask()
    await ask()
    assert.equal(next.calls.length, 2)
  })

  it('is no response with a business failure', async () => {
    const { clock, call, next } = setUp({}, [{ response: 'sold out' }])
    const method = { ...noMethod, failed: (response: unknown) => response === 'sold out' }
    for (let n = 0; n < 2; n++) await call('q', rootContext({ clock, method }))
    assert.equal(next.calls.length, 2)
  })

  it('is no error unless it is told so', async () => {
    const { ask, next } = setUp({}, [{ error: new ServiceError('not_found') }])
    for (let n = 0; n < 2; n++) await assert.rejects(ask(), isCode('not_found'))
    assert.equal(next.calls.length, 2)
  })

  it('is an error that is an answer, for a time of its own', async () => {
    const error = new ServiceError('not_found', 'no such item')
    const { clock, ask, next, results } = setUp({ negativeTtlMs: 30 }, [{ error }, { response: 'r' }])
    await assert.rejects(ask('q', 0), (thrown) => thrown === error)
    await clock.advance(29)
    await assert.rejects(ask('q', 0), (thrown) => thrown === error)
    await clock.advance(1)
    assert.equal(await ask('q', 0), 'r')
    assert.equal(next.calls.length, 2)
    assert.equal(results(), 'miss negative miss')
  })

  it('is of errors what it is told', async () => {
    const negative = ({ code }: ServiceError, { method }: Context) =>
      code === 'permission_denied' && method === noMethod
    const { ask, next } = setUp({ negativeTtlMs: 30, negative }, [
      { error: new ServiceError('permission_denied') },
      { error: new ServiceError('not_found') },
    ])
    for (let n = 0; n < 2; n++) await assert.rejects(ask('a', 0), isCode('permission_denied'))
    for (let n = 0; n < 2; n++) await assert.rejects(ask('b', 0), isCode('not_found'))
    assert.equal(next.calls.length, 3)
  })

  it('is deleted by key or as a whole, and so is what is on its way', async () => {
    for (const drop of ['delete', 'clear'] as const) {
      const { clock, policy, call, open, ask, next } = setUp({}, [
        { delayMs: 10, response: 'old' },
        { delayMs: 10, response: 'older than the delete' },
        { delayMs: 10, response: 'new' },
      ])
      await ask()
      assert.ok(policy[drop]('q') ?? true)
      const under = call('q', open())
      policy[drop]('q')
      await clock.advance(10)
      assert.equal(await under, 'older than the delete')
      assert.equal(await ask(), 'new')
      assert.equal(await ask(), 'new')
      assert.equal(next.calls.length, 3)
      assert.equal(policy.delete('unknown'), false)
    }
  })
})

describe('A stale response', () => {
  it('is given at once while it is refreshed, by one call for all', async () => {
    const { clock, ask, next, results } = setUp({ staleWhileRevalidateMs: 50 }, [
      { delayMs: 10, response: 'one' },
      { delayMs: 10, response: 'two' },
    ])
    await ask()
    await clock.advance(100)
    assert.equal(await ask('q', 0), 'one')
    assert.equal(await ask('q', 0), 'one')
    await clock.advance(10)
    assert.equal(await ask('q', 0), 'two')
    assert.equal(next.calls.length, 2)
    assert.equal(results(), 'miss stale stale hit')
  })

  it('is not given once its time is over', async () => {
    const { clock, ask, results } = setUp({ staleWhileRevalidateMs: 50 })
    await ask()
    await clock.advance(150)
    await ask()
    assert.equal(results(), 'miss miss')
  })

  it('is refreshed although its caller leaves, under a deadline of its own', async () => {
    const { clock, call, open, ask, next } = setUp({ staleWhileRevalidateMs: 5_000, refreshTimeoutMs: 200 }, [
      { response: 'one' },
      { hangs: true },
    ])
    await ask('q', 0)
    await clock.advance(100)
    const ctx = open(50)
    assert.equal(await call('q', ctx), 'one')
    ctx.cancel()
    const refresh = next.calls[1]?.ctx as Context
    assert.deepEqual([refresh.aborted, refresh.deadlineAt], [false, clock.now() + 200])
    await clock.advance(200)
    assert.equal(refresh.aborted, true)
    assert.equal(clock.pending, 0)
  })

  it('is refreshed within the method’s own time where nothing else is said', async () => {
    for (const [timeoutMs, expectedMs] of [
      [undefined, 5_000],
      [300, 300],
    ] as const) {
      const { clock, call, next } = setUp({ staleWhileRevalidateMs: 50 }, [{ response: 'r' }])
      const ctx = rootContext({ clock, method: { ...noMethod, timeoutMs } })
      await call('q', ctx)
      await clock.advance(100)
      await call('q', ctx)
      assert.equal(next.calls[1]?.ctx.deadlineAt, 100 + expectedMs)
    }
  })

  it('stands in for an error that says nothing of the answer', async () => {
    for (const code of ['unavailable', 'deadline_exceeded', 'internal', 'unknown', 'resource_exhausted'] as const) {
      const { clock, ask, results } = setUp({ staleIfErrorMs: 500 }, [
        { response: 'one' },
        { error: new ServiceError(code) },
      ])
      await ask('q', 0)
      await clock.advance(100)
      assert.equal(await ask('q', 0), 'one')
      assert.equal(results(), 'miss stale')
    }
  })

  it('stands in for what is no ServiceError', async () => {
    const { clock, ask } = setUp({ staleIfErrorMs: 500 }, [{ response: 'one' }, { error: new RangeError('a bug') }])
    await ask('q', 0)
    await clock.advance(100)
    assert.equal(await ask('q', 0), 'one')
  })

  it('does not stand in for any other error, which is the end of it', async () => {
    const { clock, ask, policy } = setUp({ staleIfErrorMs: 500 }, [
      { response: 'one' },
      { error: new ServiceError('permission_denied') },
      down,
    ])
    await ask('q', 0)
    await clock.advance(100)
    await assert.rejects(ask('q', 0), isCode('permission_denied'))
    await assert.rejects(ask('q', 0), isCode('unavailable'))
    assert.equal(policy.snapshot().entries, 0)
  })

  it('gives way to a negative answer', async () => {
    const { clock, ask, results } = setUp({ staleIfErrorMs: 500, negativeTtlMs: 50 }, [
      { response: 'one' },
      { error: new ServiceError('not_found') },
    ])
    await ask('q', 0)
    await clock.advance(100)
    for (let n = 0; n < 2; n++) await assert.rejects(ask('q', 0), isCode('not_found'))
    assert.equal(results(), 'miss miss negative')
  })

  it('gives way to a response that may not be kept', async () => {
    const { clock, ask, next } = setUp({ staleIfErrorMs: 500, cacheable: (response) => response === 'one' }, [
      { response: 'one' },
      { response: 'private' },
    ])
    await ask('q', 0)
    await clock.advance(100)
    for (let n = 0; n < 2; n++) assert.equal(await ask('q', 0), 'private')
    assert.equal(next.calls.length, 3)
  })

  it('is not given when it was deleted while a better one was waited for', async () => {
    const { clock, policy, call, open, ask } = setUp({ staleIfErrorMs: 500 }, [
      { response: 'one' },
      { ...down, delayMs: 10 },
    ])
    await ask('q', 0)
    await clock.advance(100)
    const end = assert.rejects(call('q', open()), isCode('unavailable'))
    policy.clear()
    await clock.advance(10)
    await end
  })

  it('is not given to a caller that has left, and stays', async () => {
    const { clock, call, open, ask, policy } = setUp({ staleIfErrorMs: 500 }, [{ response: 'one' }, { hangs: true }])
    await ask('q', 0)
    await clock.advance(100)
    const ctx = open()
    const end = assert.rejects(call('q', ctx), isCode('canceled'))
    ctx.cancel()
    await end
    assert.equal(policy.snapshot().entries, 1)
  })

  it('is not waited past by those who joined a call that was too slow', async () => {
    const { clock, call, open, ask, results } = setUp({ staleIfErrorMs: 500 }, [{ response: 'one' }, { hangs: true }])
    await ask('q', 0)
    await clock.advance(100)
    const late = assert.rejects(call('q', open(20)), isCode('deadline_exceeded'))
    const joined = call('q', open(60))
    await clock.advance(20)
    await late
    assert.equal(await joined, 'one')
    // From now on nobody waits: the next refresh is tried in the background, after a pause.
    assert.equal(await call('q', open(20)), 'one')
    assert.equal(results(), 'miss miss stale stale')
  })

  it('is given to all while the origin is down for a minute, which is asked once a second', async () => {
    const { clock, ask, next, policy } = setUp({ staleIfErrorMs: 60_000 }, [{ response: 'r' }, down])
    await ask('q', 0)
    await clock.advance(100)
    for (let ms = 0; ms < 60_000; ms += 20) assert.equal(await ask('q', 20), 'r')
    assert.deepEqual(policy.snapshot().lookups, { hit: 0, refresh: 0, stale: 3_000, negative: 0, miss: 1 })
    assert.equal(next.calls.length, 1 + 60)
    await assert.rejects(ask('q', 0), isCode('unavailable'))
    assert.equal(clock.pending, 0)
  })

  it('is not refreshed before the origin wants to be asked again', async () => {
    const busy = new ServiceError('resource_exhausted', 'busy', { retryAfterMs: 3_000 })
    const { clock, ask, next } = setUp({ staleWhileRevalidateMs: 10_000 }, [{ response: 'r' }, { error: busy }])
    await ask('q', 0)
    await clock.advance(100)
    await ask('q', 2_999)
    await ask('q', 1)
    assert.equal(next.calls.length, 2)
    await ask('q', 0)
    assert.equal(next.calls.length, 3)
  })

  it('is not refreshed at once where the origin says nothing that makes sense', async () => {
    const odd = new ServiceError('resource_exhausted', 'busy', { retryAfterMs: Number.NaN })
    const { clock, ask, next } = setUp({ staleWhileRevalidateMs: 10_000 }, [{ response: 'r' }, { error: odd }])
    await ask('q', 0)
    await clock.advance(100)
    for (let n = 0; n < 5; n++) await ask('q', 100)
    assert.equal(next.calls.length, 2)
  })
})

describe('An early refresh', () => {
  it('comes while the response is fresh, and its caller does not wait', async () => {
    const { clock, ask, next, results } = setUp({ earlyRefresh: 1, random: () => 0.95 }, [
      { delayMs: 10, response: 'one' },
      { delayMs: 10, response: 'two' },
    ])
    await ask()
    await clock.advance(60)
    assert.equal(await ask('q', 0), 'one')
    await clock.advance(15)
    assert.equal(await ask('q', 0), 'one')
    await clock.advance(10)
    assert.equal(await ask('q', 0), 'two')
    assert.equal(next.calls.length, 2)
    assert.equal(results(), 'miss hit refresh hit')
  })

  it('is spread over processes, so that they do not all ask when the response ends', async () => {
    const random = seededRandom('processes')
    const refreshedAt: number[] = []
    let misses = 0
    for (let process = 0; process < 50; process++) {
      const { clock, call, next, looks } = setUp({ ttlMs: 1_000, earlyRefresh: 1, random }, [
        { delayMs: 20, response: 'r' },
      ])
      const ctx = rootContext({ clock })
      call('q', ctx)
      await clock.advance(20)
      for (let n = 0; n < 250 && next.calls.length < 2; n++) {
        await clock.advance(4)
        call('q', ctx)
      }
      misses += looks.filter(({ result }) => result === 'miss').length - 1
      refreshedAt.push((next.calls[1]?.at ?? Number.NaN) - 20)
    }
    assert.equal(misses, 0)
    assert.ok(
      refreshedAt.every((at) => at > 500 && at < 1_000),
      refreshedAt.join(' '),
    )
    const busiest = Math.max(...refreshedAt.map((at) => refreshedAt.filter((other) => other === at).length))
    assert.ok(new Set(refreshedAt).size >= 12 && busiest <= 10, refreshedAt.join(' '))
  })

  it('that fails leaves the response as it is', async () => {
    const { clock, ask, results } = setUp({ earlyRefresh: 1, random: () => 0.95 }, [
      { delayMs: 10, response: 'one' },
      down,
    ])
    await ask()
    await clock.advance(80)
    assert.equal(await ask('q', 0), 'one')
    assert.equal(await ask('q', 0), 'one')
    assert.equal(results(), 'miss refresh hit')
  })
})
