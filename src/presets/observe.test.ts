// Tests of observe.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { rootContext } from '../core/context.ts'
import { contract, unary } from '../core/contract.ts'
import { endpoints } from '../core/endpoints.ts'
import type { LogRecord } from '../log/log-record.ts'
import { logger } from '../log/logger.ts'
import { registry } from '../metrics/registry.ts'
import { observe } from './observe.ts'

const shop = contract('shop', { price: unary({ input: z.object({ item: z.string() }), output: z.number() }) })

describe('observe', () => {
  it('measures and logs what validation refuses', async () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    const metrics = registry()
    const served = endpoints(shop, { price: () => 7 }, { use: [observe({ metrics, logger: log })] })
    const ctx = rootContext({ method: shop.info.price })
    await assert.rejects(served.price({ item: 5 } as never, ctx), { code: 'invalid_argument' })
    await served.price({ item: 'tea' }, ctx)
    assert.deepEqual(
      records.map(({ fields }) => fields?.['code']),
      ['invalid_argument', 'ok'],
    )
    const calls = metrics.collect().find(({ spec }) => spec.name === 'rpc.server.calls')
    assert.deepEqual(
      calls?.series.map(({ values }) => values),
      [
        ['shop/price', 'invalid_argument'],
        ['shop/price', 'ok'],
      ],
    )
  })

  it('does only what it is given the means for', async () => {
    const ctx = rootContext({ method: shop.info.price })
    const endpoint = async (item: string) => item
    assert.equal(observe({})(endpoint), endpoint)
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    assert.equal(observe({ logger: log, callLog: false })(endpoint), endpoint)
    await observe({ logger: log, side: 'client', callLog: { slowMs: 1 } })(endpoint)('tea', ctx)
    assert.deepEqual(
      records.map(({ message }) => message),
      ['called shop/price ok'],
    )
    const metrics = registry()
    await observe({ metrics, side: 'client', measure: { sizes: false } })(endpoint)('tea', ctx)
    assert.deepEqual(
      metrics.collect().map(({ spec }) => spec.name),
      ['rpc.client.calls', 'rpc.client.call.duration', 'rpc.client.active_calls', 'rpc.client.stream.messages'],
    )
  })
})
