// Conformance of a transport: what goes along with a call in both directions.
import assert from 'node:assert/strict'
import { contextKey } from '../../core/context-key.ts'
import { inbound, reply, requestId, traceContext } from '../../core/inbound.ts'
import type { Metadata } from '../../core/metadata.ts'
import { type Case, failure, setUp } from './harness.ts'

const tenant = contextKey('tenant', { scope: 'wire', fallback: 'nobody' })
const local = contextKey('local', { scope: 'request', fallback: 'unset' })
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** Headers, trailers and values. */
export const metadataCases: readonly Case[] = [
  {
    name: 'carries the headers of a call, by lower-case name',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: (_, ctx) => {
          const { headers, peer } = ctx.get(inbound)
          return {
            plain: headers.get('x-plain'),
            mixed: headers.get('x-mixed'),
            none: headers.get('x-none') ?? null,
            peer,
          }
        },
      })
      const headers = { 'x-plain': 'a value; with, marks', 'X-Mixed': '1' }
      const seen = (await setup.client.echo(1, { headers })) as Record<string, unknown>
      assert.equal(seen['plain'], 'a value; with, marks')
      assert.equal(seen['mixed'], '1')
      assert.equal(seen['none'], null)
      assert.ok(typeof seen['peer'] === 'string' && seen['peer'] !== '')
    },
  },
  {
    name: 'gives the caller the headers and trailers of the reply, also of an error and of a stream',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: (message, ctx) => {
          reply(ctx).setHeader('x-served-by', 'a').setTrailer('x-took', '5')
          if (message === 'bad') throw new Error('secret')
          return message
        },
        async *count(_, ctx) {
          reply(ctx).setTrailer('x-total', '1')
          yield { n: 1 }
        },
      })
      const got: Metadata[] = []
      const options = {
        onHeaders: (headers: Metadata) => got.push(headers),
        onTrailers: (trailers: Metadata) => got.push(trailers),
      }
      await setup.client.echo('good', options)
      assert.equal(got[0]?.get('x-served-by'), 'a')
      assert.equal(got[1]?.get('x-took'), '5')
      await failure(setup.client.echo('bad', { onHeaders: (headers) => got.push(headers) }), 'internal')
      assert.equal(got[2]?.get('x-served-by'), 'a')
      for await (const _ of await setup.client.count({ to: 1 }, { onTrailers: (trailers) => got.push(trailers) }));
      assert.equal(got[3]?.get('x-total'), '1')
    },
  },
  {
    name: 'carries the request id, and the server makes one when there is none',
    async run(harness) {
      await using setup = await setUp(harness, { echo: (_, ctx) => [ctx.get(requestId), ctx.get(requestId)] })
      assert.deepEqual(await setup.client.echo(1, setup.ctx.with(requestId, 'order-7')), ['order-7', 'order-7'])
      const [made, again] = (await setup.client.echo(1, setup.ctx)) as [string, string]
      assert.ok(made.length >= 8)
      assert.equal(made, again)
    },
  },
  {
    name: 'carries trace context and baggage, and a service between passes them on unchanged',
    async run(harness) {
      const seen: unknown[] = []
      await using last = await setUp(harness, {
        echo: (_, ctx) => {
          seen.push(
            ctx.get(traceContext)?.traceparent,
            ctx.get(traceContext)?.tracestate,
            ctx.get(tenant),
            ctx.get(requestId),
          )
        },
      })
      await using between = await setUp(harness, { echo: (message, ctx) => last.client.echo(message, ctx) })
      const headers = { traceparent, tracestate: 'vendor=1', 'request-id': 'r-1' }
      await between.client.echo(1, { ctx: between.ctx.with(tenant, 'Müller & Söhne, 50%'), headers })
      assert.deepEqual(seen, [traceparent, 'vendor=1', 'Müller & Söhne, 50%', 'r-1'])
    },
  },
  {
    name: 'never fails a call for metadata that makes no sense',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: (_, ctx) => [ctx.get(traceContext) ?? null, ctx.get(tenant)],
      })
      const headers = { traceparent: 'garbage', baggage: ',,=,tenant=%ff;;' }
      assert.deepEqual(await setup.client.echo(1, { headers }), [null, 'nobody'])
    },
  },
  {
    name: 'keeps values of the process in the process',
    async run(harness) {
      await using setup = await setUp(harness, { echo: (_, ctx) => ctx.get(local) })
      assert.equal(await setup.client.echo(1, setup.ctx.with(local, 'set')), 'unset')
    },
  },
]
