// Tests of measure-calls.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { Inbound, inbound } from '../core/inbound.ts'
import { messageSizes } from '../core/message-sizes.ts'
import { type MethodInfo, noMethod } from '../core/method.ts'
import type { EndedCall } from '../core/outcome.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type MeasureCallsOptions, measureCalls } from './measure-calls.ts'
import { type MetricFamily, registry } from './registry.ts'

/** A middleware that measures, a context to call with, and all that was measured: `name{values}` and its value, sum or count. */
function measuring(options?: MeasureCallsOptions, info?: Partial<MethodInfo>) {
  const clock = manualClock()
  const metrics = registry({ clock })
  const ctx = rootContext({ clock, method: { ...noMethod, fullName: 'shop/price', ...info } })
  const of = (kind: MetricFamily['kind']) =>
    Object.fromEntries(
      metrics
        .collect()
        .filter((family) => family.kind === kind)
        .flatMap((family) =>
          family.series.map((series) => [
            `${family.spec.name}{${series.values.join(',')}}`,
            'value' in series ? series.value : [series.count, series.sum],
          ]),
        ),
    )
  return { layer: measureCalls(metrics, options), ctx, clock, metrics, of }
}

describe('measureCalls', () => {
  it('counts calls by method and code, and how long they took in seconds', async () => {
    const { layer, ctx, clock, of } = measuring()
    const slow = layer((ms: number, inner) => inner.clock.sleep(ms))
    const calls = [slow(30, ctx), slow(70, ctx)]
    assert.deepEqual(of('gauge'), { 'rpc.server.active_calls{shop/price}': 2 })
    await clock.advance(100)
    await Promise.all(calls)
    const failing = layer(() => Promise.reject(new ServiceError('not_found')))
    await assert.rejects(failing('', ctx))
    assert.deepEqual(of('counter'), {
      'rpc.server.calls{shop/price,ok}': 2,
      'rpc.server.calls{shop/price,not_found}': 1,
    })
    assert.deepEqual(of('histogram'), {
      'rpc.server.call.duration{shop/price,ok}': [2, 0.1],
      'rpc.server.call.duration{shop/price,not_found}': [1, 0],
      'rpc.server.request.size{shop/price}': [0, 0],
      'rpc.server.response.size{shop/price}': [0, 0],
    })
    assert.deepEqual(of('gauge'), { 'rpc.server.active_calls{shop/price}': 0 })
  })

  it('counts a business failure under its own code', async () => {
    const { layer, ctx, of } = measuring({ side: 'client' }, { failed: (response) => response })
    const echo = layer(async (response: unknown) => response)
    await echo(undefined, ctx)
    await echo('empty string', ctx)
    await echo(new ServiceError('failed_precondition'), ctx)
    assert.deepEqual(of('counter'), {
      'rpc.client.calls{shop/price,ok}': 1,
      'rpc.client.calls{shop/price,failed}': 1,
      'rpc.client.calls{shop/price,failed_precondition}': 1,
    })
  })

  it('counts the messages of streams by direction, and the call when they have ended', async () => {
    const { layer, ctx, of } = measuring(undefined, { kind: 'bidiStream' })
    async function* words() {
      yield 'a'
      yield 'b'
    }
    const echo = layer(async (requests: AsyncIterable<string>) => requests)
    let active = of('gauge')
    for await (const _ of await echo(words(), ctx)) active = of('gauge')
    assert.deepEqual(active, { 'rpc.server.active_calls{shop/price}': 1 })
    assert.deepEqual(of('counter'), {
      'rpc.server.calls{shop/price,ok}': 1,
      'rpc.server.stream.messages{shop/price,received}': 2,
      'rpc.server.stream.messages{shop/price,sent}': 2,
    })
  })

  it('takes the sizes of messages from the wire: a server its request and its reply', async () => {
    const { layer, ctx, of } = measuring()
    const call = new Inbound(new Map(), '', false)
    call.receivedBytes = 100
    await layer(async (_: string) => 7)('', ctx.with(inbound, call))
    call.sizes?.sent(20)
    const { 'rpc.server.request.size{shop/price}': received, 'rpc.server.response.size{shop/price}': sent } =
      of('histogram')
    assert.deepEqual(
      [received, sent],
      [
        [1, 100],
        [1, 20],
      ],
    )
  })

  it('takes the sizes of messages from the wire: a client its request and its reply', async () => {
    const { layer, ctx, of } = measuring({ side: 'client' })
    await layer(async (_: string, inner) => {
      inner.get(messageSizes)?.sent(100)
      inner.get(messageSizes)?.received(20)
    })('', ctx)
    const { 'rpc.client.request.size{shop/price}': sent, 'rpc.client.response.size{shop/price}': received } =
      of('histogram')
    assert.deepEqual(
      [sent, received],
      [
        [1, 100],
        [1, 20],
      ],
    )
  })

  it('measures no sizes where it should not', async () => {
    const { layer, ctx, of } = measuring({ sizes: false, buckets: [1] })
    await layer(async (_: string, inner) => assert.equal(inner, ctx))('', ctx)
    assert.deepEqual(Object.keys(of('histogram')), ['rpc.server.call.duration{shop/price,ok}'])
  })

  it('shares its instruments with another of the same side, and says of each whether hosts may be added', () => {
    const { metrics } = measuring()
    measureCalls(metrics)
    measureCalls(metrics, { side: 'client' })
    const families = metrics.collect()
    assert.equal(families.length, 12)
    for (const { spec } of families) assert.match(spec.help, /May be summed over hosts\.$/)
  })

  it('keeps method and code of calls that are over the limit of series', async () => {
    const { metrics } = measuring()
    for (const { spec } of metrics.collect())
      assert.deepEqual(
        spec.keep,
        spec.labels.filter((label) => label !== 'rpc.message.type'),
      )
  })

  it('leaves an example with the trace of a sampled call', async () => {
    const { layer, ctx, metrics } = measuring()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const call = new Inbound(new Map([['traceparent', traceparent]]), '', false)
    await layer(async (_: string) => 7)('', ctx.with(inbound, call))
    const durations = metrics.collect().find(({ spec }) => spec.name === 'rpc.server.call.duration')
    const [series] = durations?.kind === 'histogram' ? durations.series : []
    assert.equal(series?.exemplar(0)?.traceId, '0af7651916cd43dd8448eb211c80319c')
  })

  it('tells of each call when it has been measured', async () => {
    const ended: EndedCall[] = []
    const { layer, ctx, clock, of } = measuring({
      onEnd: (call) => {
        ended.push(call)
        assert.deepEqual(of('gauge'), { 'rpc.server.active_calls{shop/price}': 0 })
      },
    })
    const call = layer((ms: number, inner) => inner.clock.sleep(ms))(30, ctx)
    await clock.advance(30)
    await call
    assert.deepEqual(
      ended.map(({ outcome, tookMs, ...rest }) => [outcome.code, tookMs, rest.ctx.method === ctx.method]),
      [['ok', 30, true]],
    )
  })

  it('refuses a side that there is not', () => {
    assert.throws(() => measuring({ side: 'middle' as never }), /side must be 'server' or 'client', but is "middle"/)
  })
})
