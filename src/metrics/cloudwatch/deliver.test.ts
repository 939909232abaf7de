import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudWatchClient, type MetricDatum } from '@aws-sdk/client-cloudwatch'
import fc from 'fast-check'
import { type CloudWatchClientLike, deliver } from './deliver.ts'

const named = (name: string, status = 400) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } })
const data = (values: readonly number[]): MetricDatum[] => values.map((Value) => ({ MetricName: 'm', Value }))

/** CloudWatch, which refuses batches with a value below zero as a whole, and takes no more than some. */
function service(most = Infinity) {
  const taken: number[] = []
  let requests = 0
  const put = async (batch: readonly MetricDatum[]) => {
    requests++
    if (batch.some(({ Value = 0 }) => Value < 0)) throw named('InvalidParameterValueException')
    if (taken.length + batch.length > most) throw named('ThrottlingException')
    taken.push(...batch.map(({ Value = 0 }) => Value))
  }
  return { put, taken, requests: () => requests }
}

describe('deliver', () => {
  it('fits the client of the SDK', () => {
    const client: CloudWatchClientLike = new CloudWatchClient({ region: 'eu-central-1' })
    assert.equal(typeof client.send, 'function')
  })

  it('finds what is refused, and sends all the others in their order', async () => {
    const values = fc.array(fc.integer({ min: -2, max: 20 }), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const { put, taken } = service()
        const good = given.filter((value) => value >= 0)
        const { sent, refused, rest } = await deliver(put, data(given))
        assert.deepEqual(taken, good)
        assert.deepEqual([sent, refused, rest], [good.length, given.length - good.length, []])
      }),
      { seed: 3 },
    )
  })

  it('asks some twenty times to find one among a thousand', async () => {
    const { put, requests } = service()
    await deliver(put, data(Array.from({ length: 1_000 }, (_, at) => (at === 700 ? -1 : at))))
    assert.ok(requests() <= 22, `${requests()}`)
  })

  it('does not ask for each of a thousand where all are refused, nor for long where only the first are', async () => {
    const all = service()
    const nothing = await deliver(all.put, data(Array(1_000).fill(-1)))
    assert.deepEqual([nothing.sent, nothing.refused, nothing.rest], [0, 1_000, []])
    assert.ok(all.requests() <= 80, `${all.requests()}`)
    const most = service()
    const { sent, refused } = await deliver(
      most.put,
      data(Array.from({ length: 1_000 }, (_, at) => (at < 100 ? -1 : at))),
    )
    assert.ok(sent >= 850 && sent + refused === 1_000, `${sent}`)
  })

  it('keeps what CloudWatch has no time for, in its order', async () => {
    const values = Array.from({ length: 64 }, (_, at) => (at === 3 ? -1 : at))
    const { put, taken } = service(10)
    const { sent, refused, rest, error } = await deliver(put, data(values))
    assert.equal((error as Error).name, 'ThrottlingException')
    assert.deepEqual([sent, refused], [taken.length, 1])
    assert.deepEqual(
      [...taken, ...rest.map(({ Value }) => Value)],
      values.filter((value) => value >= 0),
    )
  })

  it('halves what is too large, and keeps all for anything else', async () => {
    const sizes: number[] = []
    const put = async (batch: readonly MetricDatum[]) => {
      sizes.push(batch.length)
      if (batch.length > 2) throw named('RequestEntityTooLarge', 413)
    }
    assert.equal((await deliver(put, data([1, 2, 3, 4]))).sent, 4)
    assert.deepEqual(sizes, [4, 2, 2])
    for (const thrown of [
      new Error('no network'),
      undefined,
      named('AccessDenied', 403),
      named('InternalFailure', 500),
    ]) {
      const { rest, refused } = await deliver(() => Promise.reject(thrown), data([1, 2]))
      assert.deepEqual([rest.length, refused], [2, 0])
    }
  })
})
