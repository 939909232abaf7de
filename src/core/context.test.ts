// Tests of context.ts: deadlines, cancellation and values in a tree of contexts, and what goes over a wire with a call.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { systemClock } from './clock.ts'
import {
  type CancelableContext,
  type Context,
  callContext,
  carriedHeaders,
  detachedContext,
  listen,
  rootContext,
  servedContext,
} from './context.ts'
import { type ContextKey, contextKey } from './context-key.ts'
import { ServiceError } from './errors.ts'
import { attempt, criticality, Inbound, inbound, requestId, traceContext } from './inbound.ts'
import { headerNames, type Metadata } from './metadata.ts'
import { type MethodInfo, noMethod } from './method.ts'

const place: MethodInfo = { ...noMethod, service: 'orders', name: 'place', fullName: 'orders/place' }
const charge: MethodInfo = { ...noMethod, service: 'payments', name: 'charge', fullName: 'payments/charge' }

const hopKey = contextKey<string>('hop', { scope: 'hop', fallback: 'no hop' })
const requestKey = contextKey<string>('request', { scope: 'request', fallback: 'no request' })
const tenant = contextKey('tenant', { scope: 'wire', fallback: 'no tenant' })
const depth = contextKey<number>('depth', {
  scope: 'wire',
  fallback: 0,
  encode: String,
  decode: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
})

function setUp(deadlineAt?: number): { clock: ManualClock; root: CancelableContext } {
  const clock = manualClock({ startAt: 1_000 })
  return { clock, root: rootContext({ clock, deadlineAt }) }
}

const metadata = (headers: Readonly<Record<string, string>>): Metadata => new Map(Object.entries(headers))

function serve(parent: Context, headers: Readonly<Record<string, string>> | Metadata, trusted = false) {
  const sent = 'get' in headers ? (headers as Metadata) : metadata(headers)
  return servedContext(parent, place, Infinity, new Inbound(sent, 'peer', trusted))
}

const carriedBy = (ctx: Context) => Object.fromEntries(carriedHeaders(ctx) ?? [])

const isDeadline = (cause: unknown) => cause instanceof ServiceError && cause.code === 'deadline_exceeded'

describe('rootContext', () => {
  it('has the platform’s clock, no deadline, no method and no values', () => {
    const root = rootContext()
    assert.equal(root.clock, systemClock)
    assert.equal(root.method, noMethod)
    assert.deepEqual([root.deadlineAt, root.remainingMs(), root.aborted], [Infinity, Infinity, false])
    assert.equal(root.get(tenant), 'no tenant')
    assert.equal(carriedHeaders(root), undefined)
  })

  it('has what it is given', () => {
    const { clock, root } = setUp(1_250)
    assert.equal(root.clock, clock)
    assert.deepEqual([root.deadlineAt, root.remainingMs()], [1_250, 250])
    assert.equal(rootContext({ clock, method: place }).method, place)
  })

  it('refuses a deadline that is no moment', () => {
    for (const deadlineAt of [Number.NaN, '5' as never, new Date(5) as never]) {
      assert.throws(
        () => rootContext({ deadlineAt }),
        /TypeError: deadlineAt must be a moment of clock.now\(\), but is/,
      )
      assert.throws(() => rootContext().withDeadline(deadlineAt), TypeError)
    }
  })
})

describe('Context and time', () => {
  it('has a deadline never later than the one above', () => {
    const { root } = setUp(1_100)
    assert.equal(root.withTimeout(50).deadlineAt, 1_050)
    assert.equal(root.withTimeout(500).deadlineAt, 1_100)
    assert.equal(root.withTimeout(Infinity).deadlineAt, 1_100)
    assert.equal(root.withDeadline(1_099).deadlineAt, 1_099)
    assert.equal(root.withDeadline(Infinity).deadlineAt, 1_100)
    assert.equal(root.withCancel().deadlineAt, 1_100)
    assert.equal(root.with(tenant, 'a').deadlineAt, 1_100)
    assert.equal(callContext(root, charge, 1_200).deadlineAt, 1_100)
    assert.equal(root.withTimeout(50).withCancel().with(tenant, 'a').withTimeout(70).deadlineAt, 1_050)
  })

  it('counts a timeout from when the context is derived', async () => {
    const { clock, root } = setUp()
    await clock.advance(30)
    assert.equal(root.withTimeout(50).deadlineAt, 1_080)
  })

  it('has as much time left as there is until its deadline, and never less than none', async () => {
    const { clock, root } = setUp()
    const ctx = root.withTimeout(50)
    await clock.advance(20.5)
    assert.equal(ctx.remainingMs(), 29.5)
    await clock.advance(100)
    assert.equal(ctx.remainingMs(), 0)
    assert.equal(root.remainingMs(), Infinity)
    assert.equal(root.withDeadline(-Infinity).remainingMs(), 0)
  })

  it('refuses timeouts that make no sense', () => {
    for (const timeoutMs of [Number.NaN, -1]) assert.throws(() => rootContext().withTimeout(timeoutMs), RangeError)
    assert.throws(() => rootContext().withTimeout('5' as never), TypeError)
  })

  it('can be listened to on the system clock, however far away its deadline is, or however long ago', async () => {
    for (const timeoutMs of [Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity]) {
      const ctx = rootContext().withTimeout(timeoutMs)
      ctx.onAbort(() => assert.fail('aborted'))
      ctx[Symbol.dispose]()
    }
    const told = await new Promise((hear) => rootContext({ deadlineAt: -Infinity }).onAbort(hear))
    assert.ok(isDeadline(told))
  })

  it('schedules nothing until someone listens, and nothing more once all have left or are disposed', () => {
    const { clock, root } = setUp(2_000)
    let ctx: Context & Disposable = root.withTimeout(900)
    const all = [ctx]
    for (let i = 0; i < 20; i++) {
      ctx = (i % 2 === 0 ? ctx.withCancel() : ctx.withTimeout(800 - i))
        .with(hopKey, 'x')
        .with(requestKey, 'y')
        .withCancel()
      all.push(ctx)
      ctx.remainingMs()
      assert.equal(ctx.aborted, false)
    }
    assert.equal(clock.pending, 0)
    const listening = ctx.onAbort(() => {})
    assert.equal(clock.pending, 1)
    listening[Symbol.dispose]()
    assert.equal(clock.pending, 0)
    for (const each of all) each.onAbort(() => {})
    assert.equal(clock.pending, all.length)
    for (const each of all) each[Symbol.dispose]()
    assert.equal(clock.pending, 0)
  })

  it('lets go of its timer at the end of a block', () => {
    const { clock, root } = setUp()
    {
      using ctx = root.withTimeout(50)
      ctx.onAbort(() => {})
      assert.equal(clock.pending, 1)
    }
    assert.equal(clock.pending, 0)
  })
})

describe('Context and cancellation', () => {
  it('aborts itself and what derives from it, with one cause, and nothing above or beside', () => {
    const { root } = setUp()
    const parent = root.withCancel()
    const beside = parent.withCancel()
    const ctx = parent.withCancel()
    const deep = ctx.with(tenant, 'a').withTimeout(50).with(tenant, 'b')
    const heard: unknown[] = []
    for (const each of [ctx, deep]) each.onAbort((cause) => heard.push(cause))
    for (const each of [root, parent, beside]) each.onAbort(() => assert.fail('not aborted'))
    const cause = new Error('no longer wanted')
    ctx.cancel(cause)
    assert.deepEqual(heard, [cause, cause])
    assert.deepEqual(
      [ctx, deep].map((each) => [each.aborted, each.cause === cause, each.signal.reason === cause]),
      [
        [true, true, true],
        [true, true, true],
      ],
    )
    assert.deepEqual(
      [root, parent, beside].map((each) => [each.aborted, each.cause, each.signal.aborted]),
      [
        [false, undefined, false],
        [false, undefined, false],
        [false, undefined, false],
      ],
    )
  })

  it('is cancelled with a ServiceError when nobody says why', () => {
    for (const cause of [undefined, null]) {
      const { root } = setUp()
      root.cancel(cause)
      assert.ok(root.cause instanceof ServiceError)
      assert.equal(root.cause.code, 'canceled')
    }
  })

  it('is cancelled once: the second cause changes nothing', () => {
    const { root } = setUp()
    const { signal } = root
    root.cancel('first')
    root.cancel('second')
    assert.deepEqual([root.cause, signal.reason], ['first', 'first'])
  })

  it('shares one signal with the contexts that only add values', () => {
    const { clock, root } = setUp(2_000)
    const ctx = root.with(tenant, 'a').with(depth, 1)
    assert.equal(clock.pending, 0)
    assert.equal(ctx.signal, root.signal)
    assert.notEqual(root.withCancel().signal, root.signal)
    assert.equal(clock.pending, 2)
  })

  it('cannot be cancelled or disposed through a context that only adds a value', () => {
    const { root } = setUp()
    const heard: unknown[] = []
    root.onAbort((cause) => heard.push(cause))
    const value = root.with(tenant, 'a') as CancelableContext
    value.cancel('through a value')
    value[Symbol.dispose]()
    assert.equal(root.aborted, false)
    root.cancel('by its owner')
    assert.deepEqual(heard, ['by its owner'])
  })

  it('is not aborted by being disposed, and reaches nobody afterwards', async () => {
    const { clock, root } = setUp()
    const ctx = root.withTimeout(50)
    ctx.onAbort(() => assert.fail('released'))
    const { signal } = ctx
    ctx[Symbol.dispose]()
    assert.deepEqual([ctx.aborted, signal.aborted, clock.pending], [false, false, 0])
    await clock.advance(50)
    root.cancel()
    assert.deepEqual([ctx.aborted, signal.aborted], [true, false])
  })

  it('tells a listener that is its own object, and takes it back', () => {
    const { clock, root } = setUp(2_000)
    const heard: unknown[] = []
    const listener = {
      next: undefined,
      previous: undefined,
      list: undefined,
      fire: (cause: unknown) => void heard.push(cause),
    }
    listen(root.with(tenant, 'a'), listener)
    assert.equal(clock.pending, 1)
    root.cancel('over')
    assert.deepEqual([heard, clock.pending], [['over'], 0])
  })
})

describe('Context and values', () => {
  it('gives the nearest value, whatever lies between, and the fallback where there is none', () => {
    const { root } = setUp()
    const outer = root.with(requestKey, 'outer').with(tenant, 'other key').withTimeout(50)
    assert.equal(outer.get(requestKey), 'outer')
    const inner = outer.with(requestKey, 'inner').withCancel()
    assert.equal(inner.get(requestKey), 'inner')
    assert.equal(inner.get(hopKey), 'no hop')
  })

  it('leaves the context it derives from as it is', () => {
    const { root } = setUp()
    const ctx = root.with(requestKey, 'one')
    const changed = ctx.with(requestKey, 'two')
    assert.deepEqual(
      [root, ctx, changed].map((each) => each.get(requestKey)),
      ['no request', 'one', 'two'],
    )
  })

  it('takes undefined, null and NaN for values', () => {
    const key = contextKey<unknown>('any', { scope: 'request', fallback: 'nothing' })
    for (const value of [undefined, null, Number.NaN, 0, '']) {
      assert.ok(Object.is(setUp().root.with(key, 'far').with(key, value).get(key), value))
    }
  })

  it('tells keys of the same name apart', () => {
    const same = contextKey<string>('request', { scope: 'request', fallback: 'another' })
    assert.equal(setUp().root.with(requestKey, 'a').get(same), 'another')
  })
})

describe('callContext', () => {
  it('has the method that is called, and drops what was meant for this hop only', () => {
    const { root } = setUp()
    const caller = root.with(hopKey, 'h').with(requestKey, 'r').with(tenant, 't').with(attempt, 3)
    const ctx = callContext(caller, charge, Infinity)
    assert.equal(ctx.method, charge)
    assert.equal(ctx.withTimeout(5).with(tenant, 't').method, charge)
    assert.deepEqual(
      [hopKey, requestKey, tenant].map((key) => ctx.get(key)),
      ['no hop', 'r', 't'],
    )
    assert.equal(ctx.get(attempt), 1)
  })

  it('has what is bound for the hop once the call is on its way', () => {
    const ctx = callContext(setUp().root.with(hopKey, 'before'), charge, Infinity).with(hopKey, 'after')
    assert.equal(ctx.get(hopKey), 'after')
    assert.equal(ctx.withTimeout(5).get(hopKey), 'after')
    assert.equal(callContext(ctx, place, Infinity).get(hopKey), 'no hop')
  })

  it('is over with the caller, and is cancelled alone', () => {
    const { root } = setUp()
    const [one, other] = [callContext(root, charge, Infinity), callContext(root, charge, Infinity)]
    one.cancel('one')
    assert.deepEqual([one.aborted, other.aborted, root.aborted], [true, false, false])
    root.cancel('all')
    assert.deepEqual([one.cause, other.cause], ['one', 'all'])
  })
})

describe('detachedContext', () => {
  it('has the method and the values of the call it was begun for, but not those of the hop', () => {
    const { clock, root } = setUp()
    const served = serve(root, { 'request-id': 'r1', 'request-attempt': '2' })
    const ctx = detachedContext(served.with(hopKey, 'h').with(requestKey, 'r').with(tenant, 't'), Infinity)
    assert.equal(ctx.method, place)
    assert.equal(ctx.clock, clock)
    assert.deepEqual(
      [hopKey, requestKey, tenant, requestId].map((key) => ctx.get(key)),
      ['no hop', 'r', 't', 'r1'],
    )
    assert.equal(ctx.get(attempt), 1)
    assert.equal(ctx.get(inbound).headers.get('request-id'), undefined)
    assert.deepEqual(carriedBy(ctx), { 'request-id': 'r1', baggage: 'tenant=t' })
  })

  it('outlives the deadline and the cancellation of that call', async () => {
    const { clock, root } = setUp(1_100)
    const ctx = detachedContext(root.withTimeout(50), 1_200)
    assert.equal(ctx.deadlineAt, 1_200)
    root.cancel()
    await clock.advance(150)
    assert.equal(ctx.aborted, false)
    await clock.advance(50)
    assert.ok(isDeadline(ctx.cause))
  })

  it('is called off by itself, and leaves that call as it is', () => {
    const { root } = setUp()
    const ctx = detachedContext(root, Infinity)
    ctx.cancel('enough')
    assert.equal(ctx.cause, 'enough')
    assert.equal(root.aborted, false)
  })

  it('refuses a deadline that is no moment', () => {
    assert.throws(() => detachedContext(rootContext(), Number.NaN), TypeError)
  })
})

describe('servedContext', () => {
  it('has the method, the deadline and the call, and is over with the server', () => {
    const { clock, root } = setUp()
    const call = new Inbound(new Map(), 'peer', false)
    const ctx = servedContext(root, place, 1_500, call)
    assert.deepEqual([ctx.method, ctx.deadlineAt, ctx.clock], [place, 1_500, clock])
    assert.equal(ctx.get(inbound), call)
    root.cancel('closed')
    assert.equal(ctx.cause, 'closed')
  })

  it('reads a header only when its value is asked for, and not where a nearer value is bound', () => {
    const asked: string[] = []
    const headers: Metadata = {
      get(name) {
        asked.push(name)
        return name === headerNames.baggage ? 'tenant=sent' : null
      },
      [Symbol.iterator]: () => assert.fail('read them all'),
    }
    const ctx = serve(setUp().root, headers).with(requestKey, 'r').withTimeout(5)
    assert.equal(ctx.get(requestKey), 'r')
    assert.equal(ctx.get(hopKey), 'no hop')
    assert.equal(ctx.with(tenant, 'near').get(tenant), 'near')
    assert.deepEqual(asked, [])
    assert.equal(ctx.get(tenant), 'sent')
    assert.deepEqual(asked, [headerNames.baggage])
  })

  it('gives what the caller sent rather than what the server has bound, and that rather than the fallback', () => {
    const root = setUp().root.with(tenant, 'bound').with(depth, 7)
    const ctx = serve(root, { baggage: 'tenant=sent,depth=not%20a%20number' })
    assert.deepEqual([ctx.get(tenant), ctx.get(depth)], ['sent', 7])
  })

  it('gives a handler the values that belong to this hop, and a call from it none of them', () => {
    const ctx = serve(setUp().root, { [headerNames.attempt]: '3' })
    assert.equal(ctx.get(attempt), 3)
    const call = callContext(ctx, charge, Infinity)
    assert.equal(call.get(attempt), 1)
    assert.equal(call.get(inbound).peer, '')
    assert.equal(carriedBy(call)[headerNames.attempt], undefined)
  })
})

describe('carriedHeaders', () => {
  it('is undefined where there is nothing to send', () => {
    const { root } = setUp()
    assert.equal(carriedHeaders(root.with(hopKey, 'h').with(requestKey, 'r')), undefined)
    assert.equal(carriedHeaders(callContext(root.with(attempt, 2), charge, Infinity)), undefined)
  })

  it('holds the nearest value of each wire key once, in one baggage header', () => {
    const ctx = setUp().root.with(tenant, 'far').with(depth, 1).with(tenant, 'näher, nah; am=nächsten')
    assert.deepEqual(carriedBy(callContext(ctx, charge, Infinity)), {
      baggage: `tenant=${encodeURIComponent('näher, nah; am=nächsten')},depth=1`,
    })
  })

  it('holds what is bound for the hop itself', () => {
    const call = callContext(setUp().root.with(attempt, 5), charge, Infinity).with(attempt, 2)
    assert.deepEqual(carriedBy(call), { [headerNames.attempt]: '2' })
    assert.deepEqual(carriedBy(call.with(attempt, 1)), {})
  })

  it('passes on request id, trace and baggage of the served call unchanged, and nothing else of it', () => {
    const sent = {
      'request-id': 'abc',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
      baggage: 'userId=alice;private=1 , serverNode=DF%2028',
    }
    const more = { authorization: 'Bearer secret', cookie: 'a=b', 'request-attempt': '2', 'request-timeout-ms': '50' }
    const ctx = serve(setUp().root, { ...sent, ...more })
    assert.deepEqual(carriedBy(callContext(ctx, charge, Infinity)), sent)
  })

  it('passes on the criticality of a trusted caller only', () => {
    const sent = { 'request-id': 'abc', 'request-criticality': 'sheddable' }
    assert.deepEqual(carriedBy(serve(setUp().root, sent, true)), sent)
    assert.deepEqual(carriedBy(serve(setUp().root, sent, false)), { 'request-id': 'abc' })
  })

  it('makes one request id for all calls of a request that came without', () => {
    const ctx = serve(setUp().root, {})
    const id = carriedBy(callContext(ctx, charge, Infinity))[headerNames.requestId]
    assert.match(id ?? '', /^[0-9a-f]{16}$/)
    assert.equal(carriedBy(callContext(ctx, place, Infinity))[headerNames.requestId], id)
    assert.equal(ctx.get(requestId), id)
  })

  it('holds what the handler has set in place of what came in, and keeps the other members of the baggage', () => {
    const ctx = serve(setUp().root, {
      'request-id': 'theirs',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'rojo=1',
      baggage: 'tenant=theirs,userId=alice;private=1',
    })
    const changed = ctx.with(tenant, 'ours').with(requestId, 'ours').with(traceContext, undefined)
    assert.deepEqual(carriedBy(changed), { 'request-id': 'ours', baggage: 'tenant=ours,userId=alice;private=1' })
  })

  it('goes by the nearest call where one is served within another', () => {
    const far = serve(setUp().root, { 'request-id': 'far', baggage: 'tenant=far' })
    const near = far.with(inbound, new Inbound(metadata({ 'request-id': 'near', baggage: 'tenant=near' }), '', false))
    assert.deepEqual([near.get(requestId), near.get(tenant)], ['near', 'near'])
    assert.deepEqual(carriedBy(near), { 'request-id': 'near', baggage: 'tenant=near' })
  })

  it('prefers what the caller sent to what is bound above the served call', () => {
    const root = setUp().root.with(tenant, 'bound').with(requestId, 'bound').with(depth, 7)
    const ctx = serve(root, { 'request-id': 'sent', baggage: 'tenant=sent' })
    assert.deepEqual(carriedBy(ctx), { 'request-id': 'sent', baggage: 'depth=7,tenant=sent' })
  })

  it('arrives: the next service gets the values that this one has', () => {
    // Every UTF-16 code unit, halves of surrogate pairs among them.
    const anyText = fc
      .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 12 })
      .map((codes) => String.fromCharCode(...codes))
    const anyId = fc.nat().map((number) => `id-${number}`)
    const anyLevel = fc.constantFrom('critical_plus', 'critical', 'sheddable_plus', 'sheddable')
    const anyCount = fc.integer({ min: 1, max: 1_000 })
    const bind = <T>(key: ContextKey<T>, any: fc.Arbitrary<T>) =>
      any.map((value) => ({ kind: 'value' as const, key: key as ContextKey<unknown>, value: value as unknown }))
    const anyLink = fc.oneof(
      bind(hopKey, anyText),
      bind(requestKey, anyText),
      bind(tenant, anyText),
      bind(depth, fc.nat()),
      bind(requestId, anyId),
      bind<unknown>(criticality as ContextKey<unknown>, anyLevel),
      bind(attempt, anyCount),
      fc.constant({ kind: 'point' as const }),
      fc.constant({ kind: 'exit' as const }),
    )
    /** Beside what is read there may be anything: members of others, headers without sense. */
    const anyCall = fc.record(
      {
        tenant: anyText,
        depth: fc.nat(),
        other: anyText,
        requestId: anyId,
        criticality: anyLevel,
        attempt: anyCount,
        trusted: fc.boolean(),
      },
      { requiredKeys: ['trusted'] },
    )
    const everyKey = [hopKey, requestKey, tenant, depth, requestId, criticality, attempt] as ContextKey<unknown>[]
    const arriving = [tenant, depth, requestId, criticality, attempt] as ContextKey<unknown>[]

    fc.assert(
      fc.property(
        fc.array(anyLink, { maxLength: 8 }),
        fc.option(anyCall, { nil: undefined }),
        fc.array(anyLink, { maxLength: 8 }),
        (above, call, under) => {
          // The model: a list that is searched from its end.
          const links: { kind: string; key?: ContextKey<unknown>; value?: unknown; sent?: Map<unknown, unknown> }[] = []
          let ctx: Context = setUp().root
          const add = (link: (typeof above)[number]) => {
            links.push(link)
            if (link.kind === 'value') ctx = ctx.with(link.key, link.value)
            else if (link.kind === 'point') ctx = ctx.withTimeout(1_000)
            else ctx = callContext(ctx, charge, Infinity)
          }
          for (const link of above) add(link)
          if (call !== undefined) {
            const member = (name: 'tenant' | 'depth' | 'other') =>
              call[name] === undefined ? [] : [`${name}=${encodeURIComponent(String(call[name]).toWellFormed())}`]
            const baggage = [...member('other'), ...member('tenant'), ...member('depth')].join(' , ')
            const headers = new Map([[headerNames.baggage as string, baggage]])
            if (call.requestId !== undefined) headers.set(headerNames.requestId, call.requestId)
            if (call.criticality !== undefined) headers.set(headerNames.criticality, call.criticality)
            if (call.attempt !== undefined) headers.set(headerNames.attempt, String(call.attempt))
            const arrived = new Inbound(headers, 'peer', call.trusted)
            const sent = new Map<unknown, unknown>([
              [tenant, call.tenant?.toWellFormed()],
              [depth, call.depth],
              [requestId, arrived.requestId],
              [criticality, call.trusted ? call.criticality : undefined],
              [attempt, call.attempt],
            ])
            links.push({ kind: 'served', sent })
            ctx = servedContext(ctx, place, Infinity, arrived)
          }
          for (const link of under) add(link)
          const expected = (key: ContextKey<unknown>) => {
            for (const { kind, key: bound, value, sent } of links.toReversed()) {
              if (bound === key) return value
              const received = sent?.get(key)
              if (received !== undefined) return received
              if (kind === 'exit' && key.scope === 'hop') break
            }
            return key.fallback
          }
          for (const key of everyKey) assert.equal(ctx.get(key), expected(key), key.name)

          links.push({ kind: 'exit' })
          const headers = carriedHeaders(callContext(ctx, charge, Infinity)) ?? new Map<string, string>()
          for (const text of headers.values()) assert.match(text, /^[ -~]*$/)
          const next = servedContext(rootContext(), charge, Infinity, new Inbound(headers, 'peer', true))
          for (const key of arriving) {
            const value = expected(key)
            if (key === requestId && value === '') assert.match(next.get(requestId), /^[0-9a-f]{16}$/)
            else assert.equal(next.get(key), typeof value === 'string' ? value.toWellFormed() : value, key.name)
          }
          const other = contextKey('other', { scope: 'wire', fallback: 'none' })
          assert.equal(next.get(other), call?.other?.toWellFormed() ?? 'none')
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** The plainest imaginable tree: told is why a point is over; a listener hears through points that nobody has released. */
interface Point {
  readonly parent: Point | undefined
  readonly deadlineAt: number
  released: boolean
  told: string | undefined
  readonly ears: Ear[]
}

interface Ear {
  left: boolean
  /** In the list of its point: neither released nor too late. */
  joined: boolean
  expected: string | undefined
  readonly heard: unknown[]
  readonly listening: Disposable
}

const inWords = (cause: unknown) => (isDeadline(cause) ? 'deadline' : cause)

class Lockstep {
  readonly clock = manualClock()
  readonly nodes: { readonly ctx: Context; readonly point: Point }[] = []

  constructor() {
    this.#grow(rootContext({ clock: this.clock, deadlineAt: 100 }), undefined)
  }

  derive(pick: number, kind: 'value' | 'cancel' | 'timeout', ms: number): void {
    const { ctx, point } = this.#at(pick)
    if (kind === 'value') this.nodes.push({ ctx: ctx.with(tenant, String(ms)), point })
    else if (kind === 'cancel') this.#grow(ctx.withCancel(), point)
    else this.#grow(ctx.withTimeout(ms), point)
  }

  listen(pick: number): void {
    const { ctx, point } = this.#at(pick)
    const heard: unknown[] = []
    const listening = ctx.onAbort((cause) => void heard.push(inWords(cause)))
    const joined = point.told === undefined && !point.released
    point.ears.push({ left: false, joined, expected: point.told, heard, listening })
  }

  leave(pick: number, which: number): void {
    const { ears } = this.#at(pick).point
    const ear = ears[which % ears.length]
    if (ear === undefined) return
    ear.listening[Symbol.dispose]()
    ear.left = true
  }

  cancel(pick: number, cause: string): void {
    const { ctx, point } = this.#at(pick)
    if (!('cancel' in ctx) || !this.#isPoint(pick)) return
    ;(ctx as CancelableContext).cancel(cause)
    for (const each of this.#points()) {
      const path = pathTo(point, each)
      if (path === undefined) continue
      each.told ??= cause
      if (path.every(({ released }) => !released)) this.#hear(each)
    }
  }

  dispose(pick: number): void {
    if (!this.#isPoint(pick)) return
    const { ctx, point } = this.#at(pick)
    ;(ctx as CancelableContext)[Symbol.dispose]()
    point.released = true
    for (const ear of point.ears) ear.joined = false
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    for (const point of this.#points().filter(({ deadlineAt }) => deadlineAt <= this.clock.now())) {
      point.told ??= 'deadline'
      this.#hear(point)
    }
  }

  compare(): void {
    for (const { ctx, point } of this.nodes) {
      assert.equal(ctx.deadlineAt, point.deadlineAt)
      assert.equal(ctx.aborted, point.told !== undefined)
      assert.equal(inWords(ctx.cause), point.told)
      for (const { heard, expected } of point.ears) assert.deepEqual(heard, expected === undefined ? [] : [expected])
    }
    const timed = this.#points().filter(({ ears, deadlineAt }) => deadlineAt < Infinity && ears.some(isLive))
    assert.equal(this.clock.pending, timed.length)
  }

  #grow(ctx: Context, parent: Point | undefined): void {
    const { deadlineAt } = ctx
    const told = parent?.told ?? (deadlineAt <= this.clock.now() ? 'deadline' : undefined)
    this.nodes.push({ ctx, point: { parent, deadlineAt, released: false, told, ears: [] } })
  }

  #hear({ ears, told }: Point): void {
    for (const ear of ears.filter(isLive)) ear.expected = told
  }

  #points(): Point[] {
    return [...new Set(this.nodes.map(({ point }) => point))]
  }

  #at(pick: number): { readonly ctx: Context; readonly point: Point } {
    return this.nodes[pick % this.nodes.length] ?? assert.fail('no node')
  }

  /** Whether a context is a point itself, and not one with a value on top of it. */
  #isPoint(pick: number): boolean {
    const node = this.#at(pick)
    return this.nodes.find(({ point }) => point === node.point) === node
  }
}

const isLive = ({ joined, left, expected }: Ear) => joined && !left && expected === undefined

/** The points from one up to one above it, both included; undefined when it is not above. */
function pathTo(above: Point, from: Point): Point[] | undefined {
  if (from === above) return [from]
  const rest = from.parent && pathTo(above, from.parent)
  return rest && [from, ...rest]
}

describe('A tree of contexts', () => {
  it('does what the plainest model of it does', async () => {
    const pick = fc.nat(40)
    const anyStep = fc.oneof(
      fc.record({
        do: fc.constant('derive'),
        pick,
        kind: fc.constantFrom('value', 'cancel', 'timeout'),
        ms: fc.nat(60),
      }),
      fc.record({ do: fc.constant('listen'), pick }),
      fc.record({ do: fc.constant('listen'), pick }),
      fc.record({ do: fc.constant('leave'), pick, which: pick }),
      fc.record({ do: fc.constant('cancel'), pick }),
      fc.record({ do: fc.constant('dispose'), pick }),
      fc.record({ do: fc.constant('advance'), ms: fc.nat(30) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
        const tree = new Lockstep()
        for (const [number, step] of steps.entries()) {
          if ('kind' in step) tree.derive(step.pick, step.kind as 'value', step.ms)
          else if ('ms' in step) await tree.advance(step.ms)
          else if ('which' in step) tree.leave(step.pick, step.which)
          else if (step.do === 'listen') tree.listen(step.pick)
          else if (step.do === 'cancel') tree.cancel(step.pick, `cancel ${number}`)
          else tree.dispose(step.pick)
          tree.compare()
        }
        await tree.advance(1_000)
        tree.compare()
        assert.equal(tree.clock.pending, 0)
      }),
      { numRuns: 1_000 },
    )
  })
})
