// Tests of recorder.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { recordCalls, recorder } from './recorder.ts'
import { scriptedEndpoint } from './scripted-endpoint.ts'

describe('recorder', () => {
  it('remembers what it was called with, in order, until it is cleared', () => {
    const record = recorder<number>()
    const { events } = record
    record(1)
    record(2)
    assert.deepEqual(events, [1, 2])
    record.clear()
    record(3)
    assert.deepEqual(record.events, [3])
    assert.equal(record.events, events)
  })
})

describe('recordCalls', () => {
  const ctx = rootContext({ method: { ...noMethod, fullName: 'shop/price' } })

  it('remembers a call from its beginning to its outcome, and changes nothing', async () => {
    const record = recordCalls()
    const endpoint = record(
      scriptedEndpoint<string, number>([{ response: 7 }, { error: new ServiceError('not_found') }]),
    )
    const call = endpoint('tea', ctx)
    assert.equal(record.calls[0]?.outcome, undefined)
    assert.equal(await call, 7)
    await assert.rejects(endpoint('coal', ctx), { code: 'not_found' })
    assert.deepEqual(
      record.calls.map(({ method, request, outcome }) => [method, request, outcome?.code]),
      [
        ['shop/price', 'tea', 'ok'],
        ['shop/price', 'coal', 'not_found'],
      ],
    )
    assert.equal(record.calls[0]?.ctx, ctx)
  })

  it('remembers the messages of a stream as they come', async () => {
    async function* two() {
      yield 'a'
      yield 'b'
    }
    const record = recordCalls()
    const stream = (await record(async () => two())(undefined, ctx))[Symbol.asyncIterator]()
    await stream.next()
    assert.deepEqual([record.calls[0]?.messages, record.calls[0]?.outcome], [['a'], undefined])
    await stream.next()
    await stream.next()
    assert.deepEqual([record.calls[0]?.messages, record.calls[0]?.outcome?.code], [['a', 'b'], 'ok'])
  })
})
