// Tests of deliver.ts, over the very replies of a server: how it is asked is tested with the destination.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfluxReceiver, refuse } from '../../../test/platform/influx-receiver.ts'
import { HttpService } from '../../platform/http-service.ts'
import { type Delivered, deliver } from './deliver.ts'
import { checkedInflux } from './influx-options.ts'

const lines = (count: number) => Array.from({ length: count }, (_, of) => `level,of=${of} value=1 17`)

/** What becomes of so many lines; the receiver answers as `answer` says. */
async function delivered(count: number, answer: InfluxReceiver['answer']) {
  await using receiver = await InfluxReceiver.open()
  receiver.answer = answer
  const { service, path } = checkedInflux({ url: receiver.url, database: 'a' })
  await using connection = new HttpService(service)
  const put = async (body: string) => {
    await connection.ask(path, { method: 'POST', body, signal: new AbortController().signal })
  }
  const of: Delivered = await deliver(
    put,
    lines(count)
      .map((line) => `${line}\n`)
      .join(''),
  )
  return { ...of, points: receiver.points.length, requests: receiver.written.length }
}

describe('deliver', { timeout: 10_000 }, () => {
  it('sends a batch', async () => {
    const { sent, refused, rest, error, requests } = await delivered(3, () => true)
    assert.deepEqual([sent, refused, rest, error, requests], [3, 0, [], undefined, 1])
  })

  it('gives back all that has not arrived, in its order', async () => {
    let requests = 0
    const of = await delivered(8, ({ lines }, response) => {
      if (lines.length > 2) return refuse(response, 413)
      return ++requests === 1 || refuse(response, 503)
    })
    assert.equal(of.sent, 2)
    assert.deepEqual(of.rest.join('').trim().split('\n'), lines(8).slice(2))
    assert.match(String(of.error), /503/)
  })

  it('sends again what a server that had too many series may have left out', async () => {
    const isOver = (line: string) => Number(/of=(\d+)/.exec(line)?.[1]) >= 100
    const of = await delivered(200, ({ lines: sent }, response) => {
      const over = sent.filter(isOver).length
      if (over === 0) return true
      return refuse(response, 400, `partial write: max-values-per-tag limit exceeded (100/100) dropped=${over}`)
    })
    assert.deepEqual([of.sent, of.refused, of.points], [100, 100, 100])
    assert.ok(of.requests < 20, `${of.requests} requests`)
  })
})
