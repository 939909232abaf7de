import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { PendingData } from './pending-data.ts'

const data = (count: number, from = 0): MetricDatum[] =>
  Array.from({ length: count }, (_, at) => ({ MetricName: `m${from + at}`, Value: 1 }))
const namesOf = (batch: readonly MetricDatum[]) => [batch.length, batch[0]?.MetricName, batch.at(-1)?.MetricName]

describe('PendingData', () => {
  it('gives batches of what one request takes, the oldest first, each until it is dealt with', () => {
    const pending = new PendingData(10_000)
    pending.add(data(2_500))
    assert.deepEqual(namesOf(pending.batch()), [1_000, 'm0', 'm999'])
    assert.deepEqual(namesOf(pending.batch()), [1_000, 'm0', 'm999'])
    pending.keep([], 0)
    pending.batch()
    pending.keep([], 0)
    assert.deepEqual(namesOf(pending.batch()), [500, 'm2000', 'm2499'])
    pending.keep([], 0)
    assert.deepEqual([pending.batch().length, pending.length, pending.dropped], [0, 0, 0])
  })

  it('cuts a batch before it is larger than a request may be', () => {
    const pending = new PendingData(10_000)
    const Values = Array.from({ length: 150 }, (_, at) => at)
    pending.add(data(200).map((datum) => ({ ...datum, Values })))
    const { length } = pending.batch()
    assert.ok(length > 10 && length < 100, `${length}`)
    assert.ok(JSON.stringify(pending.batch()).length < 1e6)
  })

  it('keeps what has yet to be sent, and drops the oldest of too many', () => {
    const pending = new PendingData(1_500)
    pending.add(data(1_200))
    const batch = pending.batch()
    pending.keep(batch.slice(400), 1)
    assert.deepEqual([pending.length, pending.dropped], [800, 1])
    pending.add(data(1_000, 2_000))
    assert.deepEqual([pending.length, pending.dropped], [1_500, 301])
    assert.deepEqual(namesOf(pending.batch()), [600, 'm400', 'm999'])
    pending.keep([], 0)
    assert.deepEqual(namesOf(pending.batch()), [900, 'm2100', 'm2999'])
    pending.clear()
    assert.deepEqual([pending.length, pending.dropped], [0, 1_201])
  })
})
