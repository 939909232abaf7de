// Tests of single.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { type Context, rootContext } from '../core/context.ts'
import { contextKey } from '../core/context-key.ts'
import { ServiceError } from '../core/errors.ts'
import { singleMethod } from '../core/single-method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import type { CallEnd, Outgoing } from './hooks.ts'
import { hookedEndpoint, singleCall } from './single.ts'

const user = contextKey('user', { scope: 'request', fallback: 'nobody' })

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

describe('singleCall', () => {
  const info = singleMethod({ method: 'legacy/double' })

  it('runs before, encode, the call, after, decode and finally, under the context of the call', async () => {
    const ended = recorder<CallEnd>()
    const steps: string[] = []
    const call = singleCall<number, number>(
      info,
      async (message, ctx) => {
        steps.push(`send ${message} with ${ctx.get(callOptions)?.headers?.['x-user']}`)
        ctx.get(callOptions)?.onHeaders?.(new Map([['x-took', '5']]))
        return '42'
      },
      {
        clock: manualClock(),
        before: [
          (ctx, outgoing) => {
            steps.push(`before ${ctx.method.fullName}`)
            outgoing.setHeader('X-User', 'ann')
            return ctx.with(user, 'ann')
          },
        ],
        encode: (request, ctx) => `${ctx.get(user)}:${request}`,
        after: [(ctx, headers) => steps.push(`after ${headers.get('x-took')} for ${ctx.get(user)}`)],
        decode: (message) => Number(message),
        finally: [ended],
      },
    )
    const own = recorder<unknown>()
    assert.equal(await call(7, { headers: { 'x-own': '1' }, onHeaders: own }), 42)
    assert.deepEqual(steps, ['before legacy/double', 'send ann:7 with ann', 'after 5 for ann'])
    assert.equal(own.events.length, 1)
    assert.equal(ended.events[0]?.code, 'ok')
    assert.equal(ended.events[0]?.ctx.get(user), 'ann')
  })

  it('runs finally for a call that fails, and for one whose deadline passes', async () => {
    const ended = recorder<CallEnd>()
    const clock = manualClock()
    const failing = scriptedEndpoint<unknown, unknown>([{ error: new ServiceError('unavailable') }])
    await assert.rejects(singleCall(info, failing, { clock, finally: [ended] })(1))
    const hanging = singleCall(info, () => new Promise<never>(() => {}), { clock, finally: [ended] })
    const failed = assert.rejects(hanging(1, { timeoutMs: 50 }), { code: 'deadline_exceeded' })
    await clock.advance(60)
    await failed
    assert.deepEqual(
      ended.events.map(({ code }) => code),
      ['unavailable', 'deadline_exceeded'],
    )
  })

  it('refuses a header that could not cross a wire, or that the call sets itself', async () => {
    const send = scriptedEndpoint<unknown, unknown>([{ response: 1 }])
    for (const [name, value] of [
      ['x y', '1'],
      ['x', 'a\nb'],
      ['request-attempt', '2'],
    ] as const) {
      const before = [
        (ctx: Context, outgoing: Outgoing) => {
          outgoing.setHeader(name, value)
          return ctx
        },
      ]
      await assert.rejects(singleCall(info, send, { clock: manualClock(), before })(1), { code: 'internal' })
    }
    assert.equal(send.calls.length, 0)
  })
})
