// Tests of scripted-endpoint.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { manualClock } from './manual-clock.ts'
import { scriptedEndpoint } from './scripted-endpoint.ts'

describe('scriptedEndpoint', () => {
  it('plays its steps in order and repeats the last one', async () => {
    const ctx = rootContext({ clock: manualClock() })
    const endpoint = scriptedEndpoint<string, number>([{ response: 1 }, { error: new Error('two') }, { response: 3 }])
    assert.equal(await endpoint('a', ctx), 1)
    await assert.rejects(endpoint('b', ctx), { message: 'two' })
    assert.deepEqual([await endpoint('c', ctx), await endpoint('d', ctx)], [3, 3])
    assert.deepEqual(
      endpoint.calls.map(({ request }) => request),
      ['a', 'b', 'c', 'd'],
    )
  })

  it('throws whatever the step says, undefined too', async () => {
    const endpoint = scriptedEndpoint<void, void>([{ error: undefined }])
    const thrown = await endpoint(undefined, rootContext()).then(
      () => 'nothing',
      (error: unknown) => error,
    )
    assert.equal(thrown, undefined)
  })

  it('takes its time from the clock of the context, and notes when calls came', async () => {
    const clock = manualClock({ startAt: 100 })
    const ctx = rootContext({ clock })
    const endpoint = scriptedEndpoint<void, string>([{ delayMs: 50, response: 'late' }])
    const call = endpoint(undefined, ctx)
    assert.equal(endpoint.inFlight, 1)
    await clock.advance(50)
    assert.equal(await call, 'late')
    assert.deepEqual([endpoint.inFlight, endpoint.calls[0]?.at], [0, 100])
  })

  it('ends a delay with the cause of the abort, unless the step ignores it', async () => {
    const clock = manualClock()
    using ctx = rootContext({ clock }).withCancel()
    const endpoint = scriptedEndpoint<void, string>([
      { delayMs: 50, response: 'a' },
      { delayMs: 50, response: 'b', ignoresAbort: true },
    ])
    const heeds = assert.rejects(endpoint(undefined, ctx), { message: 'enough' })
    const ignores = endpoint(undefined, ctx)
    ctx.cancel(new Error('enough'))
    await heeds
    await clock.advance(50)
    assert.equal(await ignores, 'b')
    assert.equal(clock.pending, 0)
  })

  it('takes no time unless a step says so, though the call be off', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock }).withCancel()
    ctx.cancel(new Error('off'))
    const endpoint = scriptedEndpoint<void, string>([{ response: 'a' }, { delayMs: 0, response: 'b' }, { delayMs: 1 }])
    assert.deepEqual([await endpoint(undefined, ctx), await endpoint(undefined, ctx)], ['a', 'b'])
    await assert.rejects(endpoint(undefined, ctx), { message: 'off' })
    assert.equal(clock.pending, 0)
  })

  it('counts the calls that are being answered, and gives nothing for a step that says nothing', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock })
    const endpoint = scriptedEndpoint<number, void>([{ delayMs: 10 }, { delayMs: 20, error: new Error('two') }, {}])
    const answers = Promise.allSettled([1, 2, 3].map((request) => endpoint(request, ctx)))
    assert.equal(endpoint.inFlight, 2)
    await clock.advance(10)
    assert.equal(endpoint.inFlight, 1)
    await clock.advance(10)
    assert.equal(endpoint.inFlight, 0)
    assert.deepEqual(
      (await answers).map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message)),
      [undefined, 'two', undefined],
    )
    assert.deepEqual(
      endpoint.calls.map(({ request, at }) => [request, at]),
      [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
    )
  })

  it('refuses delays that make no sense, before the first call', () => {
    for (const delayMs of [-1, Number.NaN]) {
      assert.throws(() => scriptedEndpoint([{}, { delayMs }]), { name: 'RangeError', message: /^delayMs/ })
    }
  })

  it('hangs when it is told to', async () => {
    const clock = manualClock()
    using ctx = rootContext({ clock }).withTimeout(10)
    const endpoint = scriptedEndpoint<void, void>([{ hangs: true }])
    let settled = false
    endpoint(undefined, ctx).then(
      () => {
        settled = true
      },
      () => {
        settled = true
      },
    )
    await clock.advance(1_000)
    assert.deepEqual([settled, endpoint.inFlight], [false, 1])
  })

  it('refuses an empty script', () => {
    assert.throws(() => scriptedEndpoint([]), { name: 'TypeError', message: /at least one step/ })
  })
})
