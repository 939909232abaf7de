// Tests of single.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { contextKey } from '../core/context-key.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import type { CallEnd } from './hooks.ts'
import { hookedCall, hookedEndpoint, singleMethod } from './single.ts'

const user = contextKey('user', { scope: 'request', fallback: 'nobody' })

describe('singleMethod', () => {
  it('gives what is known of the method', () => {
    const info = singleMethod({ method: 'legacy/count', kind: 'serverStream', idempotent: true, timeoutMs: 5 })
    const { service, name, fullName, kind, idempotent, timeoutMs } = info
    assert.deepEqual(
      [service, name, fullName, kind, idempotent, timeoutMs],
      ['legacy', 'count', 'legacy/count', 'serverStream', true, 5],
    )
  })

  it('refuses a name that is not service/name', () => {
    for (const method of ['count', '/count', 'legacy/', 'a/b/c', '']) {
      assert.throws(() => singleMethod({ method }), { name: 'TypeError', message: /method must be service\/name/ })
    }
    assert.throws(() => singleMethod({ method: 'a/b', timeoutMs: -5 }), { name: 'RangeError', message: /^timeoutMs/ })
    assert.throws(() => singleMethod({ method: 'a/b', kind: 'foo' as never }), { name: 'TypeError', message: /^kind/ })
  })
})

describe('hookedEndpoint', () => {
  it('runs before, decode, endpoint, after, encode and finally in this order, with what before has bound', async () => {
    const steps: string[] = []
    const endpoint = hookedEndpoint(
      async (count: number, ctx) => {
        steps.push(`endpoint for ${ctx.get(user)}`)
        return count + 1
      },
      {
        before: [
          (ctx) => {
            steps.push('before')
            return ctx.with(user, 'ann')
          },
        ],
        decode: (message, ctx) => {
          steps.push(`decode for ${ctx.get(user)}`)
          return Number(message)
        },
        after: [() => steps.push('after')],
        encode: (response) => {
          steps.push('encode')
          return `=${response}`
        },
        finally: [({ code, ctx }) => steps.push(`finally ${code} for ${ctx.get(user)}`)],
      },
    )
    assert.equal(await endpoint('41', rootContext({ clock: manualClock() })), '=42')
    assert.deepEqual(steps, ['before', 'decode for ann', 'endpoint for ann', 'after', 'encode', 'finally ok for ann'])
  })

  it('reports what cannot be decoded as the fault of the caller, and does not run the endpoint', async () => {
    const endpoint = scriptedEndpoint<unknown, unknown>([{ response: 1 }])
    const decode = () => {
      throw new Error('secret')
    }
    const ended = recorder<CallEnd>()
    const hooked = hookedEndpoint(endpoint, { decode, finally: [ended] })
    await assert.rejects(hooked('?', rootContext({ clock: manualClock() })), { code: 'invalid_argument' })
    assert.equal(endpoint.calls.length, 0)
    assert.deepEqual(
      ended.events.map(({ code }) => code),
      ['invalid_argument'],
    )
  })

  it('lets encodeError say what the caller is told', async () => {
    const endpoint = scriptedEndpoint<unknown, unknown>([{ error: new RangeError('no row') }])
    const encodeError = (thrown: unknown) => new ServiceError('not_found', 'gone', { cause: thrown })
    await assert.rejects(hookedEndpoint(endpoint, { encodeError })(1, rootContext({ clock: manualClock() })), {
      code: 'not_found',
    })
  })

  it('runs finally once with the time it took, also when the endpoint never answers', async () => {
    const clock = manualClock()
    const ended = recorder<CallEnd>()
    const endpoint = scriptedEndpoint<unknown, unknown>([{ delayMs: 30, response: 1 }, { hangs: true }])
    const hooked = hookedEndpoint(endpoint, { finally: [ended] })
    const first = hooked(1, rootContext({ clock }))
    await clock.advance(30)
    await first
    using ctx = rootContext({ clock, deadlineAt: clock.now() + 50 })
    void hooked(2, ctx)
    await clock.advance(60)
    assert.deepEqual(
      ended.events.map(({ code, tookMs }) => [code, tookMs]),
      [
        ['ok', 30],
        ['deadline_exceeded', 50],
      ],
    )
    assert.equal(clock.pending, 0)
  })

  it('runs finally at the end of a stream of responses', async () => {
    const ended = recorder<CallEnd>()
    async function* two() {
      yield 1
      yield 2
    }
    const hooked = hookedEndpoint(async () => two(), { finally: [ended] })
    const stream = (await hooked(1, rootContext({ clock: manualClock() }))) as AsyncIterable<number>
    const got: number[] = []
    for await (const message of stream) {
      assert.equal(ended.events.length, 0)
      got.push(message)
    }
    assert.deepEqual([got, ended.events.length], [[1, 2], 1])
  })
})

describe('hookedCall', () => {
  it('runs before, encode, the call, decode and finally', async () => {
    const ended = recorder<CallEnd>()
    const call = scriptedEndpoint<unknown, unknown>([{ response: '42' }])
    const hooked = hookedCall<number, number>(call, {
      before: [(ctx) => ctx.with(user, 'ann')],
      encode: (request, ctx) => `${ctx.get(user)}:${request}`,
      decode: (message) => Number(message),
      finally: [ended],
    })
    assert.equal(await hooked(7, rootContext({ clock: manualClock() })), 42)
    assert.equal(call.calls[0]?.request, 'ann:7')
    assert.equal(ended.events[0]?.code, 'ok')
  })

  it('runs finally for a call that fails', async () => {
    const ended = recorder<CallEnd>()
    const call = scriptedEndpoint<unknown, unknown>([{ error: new ServiceError('unavailable') }])
    await assert.rejects(hookedCall(call, { finally: [ended] })(1, rootContext({ clock: manualClock() })))
    assert.deepEqual(
      ended.events.map(({ code }) => code),
      ['unavailable'],
    )
  })
})
