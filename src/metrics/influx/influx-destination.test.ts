// Tests of influx-destination.ts, and of what it does with refusals: against a server that answers as it is told.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfluxReceiver, refuse } from '../../../test/platform/influx-receiver.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { registry } from '../registry.ts'
import { InfluxDestination } from './influx-destination.ts'
import { checkedInflux, type InfluxOptions } from './influx-options.ts'

async function scene(options: InfluxOptions = { database: 'test' }) {
  const clock = manualClock()
  const receiver = await InfluxReceiver.open()
  const metrics = registry({ clock })
  const all = { url: receiver.url, clock, random: () => 0, ...options }
  const destination = new InfluxDestination(metrics, checkedInflux(all), all)
  const calls = metrics.counter({ name: 'calls' })
  /** Gives what it failed with. */
  const send = (isLast = false, signal = new AbortController().signal): Promise<Error | undefined> =>
    destination.send({ signal, isLast }).then(
      () => undefined,
      (error) => error,
    )
  /** The counter, as it is to the receiver. */
  const received = () =>
    receiver.points
      .filter(({ measurement }) => measurement === 'calls')
      .reduce((sum, { fields }) => sum + (fields['value'] ?? 0), 0)
  return {
    ...{ clock, receiver, metrics, destination, calls, send, received },
    async [Symbol.asyncDispose]() {
      await destination.close()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

describe('InfluxDestination', { timeout: 20_000 }, () => {
  it('writes lines, small ones as they are', async () => {
    await using now = await scene({ database: 'test', user: 'me', password: 'p' })
    now.calls.add(2)
    assert.equal(await now.send(), undefined)
    const [{ line, headers, text } = assert.fail()] = now.receiver.written
    assert.equal(line, 'POST /write?db=test&precision=ns')
    assert.equal(headers.authorization, 'Basic bWU6cA==')
    assert.equal(headers['content-encoding'], undefined)
    assert.equal(text, 'calls value=2 1767225600000000001\n')
    assert.deepEqual(now.destination.stats, { sent: 1, dropped: 0, pending: 0, lastError: undefined })
  })

  it('compresses what is worth it, and cuts it into batches', async () => {
    await using now = await scene({ bucket: 'b', token: 't', maxBatchLines: 100 })
    const level = now.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 150; of++) level.with({ of }).set(of)
    assert.equal(await now.send(), undefined)
    assert.deepEqual(
      now.receiver.written.map(({ line, headers, lines }) => [line, headers['content-encoding'], lines.length]),
      [
        ['POST /api/v2/write?bucket=b&precision=ns', 'gzip', 100],
        ['POST /api/v2/write?bucket=b&precision=ns', 'gzip', 51],
      ],
    )
    assert.equal(now.receiver.points.length, 151)
    await using other = await scene({ database: 'test', gzip: false })
    const many = other.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 150; of++) many.with({ of }).set(of)
    assert.equal(await other.send(), undefined)
    assert.equal(other.receiver.written[0]?.headers['content-encoding'], undefined)
  })

  it('asks nothing where there is nothing to say', async () => {
    await using now = await scene()
    await now.send()
    assert.equal(await now.send(), undefined)
    assert.equal(now.receiver.written.length, 1)
  })

  it('sends again as it was what may have arrived, so that nothing is lost and nothing counts twice', async () => {
    await using now = await scene()
    now.calls.add(2)
    // It takes the points, and its word is lost.
    now.receiver.answer = (_, response) => {
      response.destroy()
      return true
    }
    assert.match(String(await now.send()), /influxdb|127\.0\.0\.1/)
    assert.equal(now.destination.stats.pending, 1)
    now.calls.add(5)
    assert.notEqual(await now.send(), undefined)
    now.receiver.answer = () => true
    assert.equal(await now.send(), undefined)
    assert.deepEqual(
      now.receiver.written.map(({ text }) => text),
      [
        ...Array.from({ length: 3 }, () => 'calls value=2 1767225600000000001\n'),
        'calls value=5 1767225600000000002\n',
      ],
    )
    assert.equal(now.received(), 7)
    assert.deepEqual(now.destination.stats, { sent: 2, dropped: 0, pending: 0, lastError: undefined })
  })

  it('keeps the lines of one sending, however long the server is away', async () => {
    await using now = await scene()
    now.receiver.answer = (_, response) => refuse(response, 500, 'timeout')
    for (let n = 0; n < 50; n++) {
      now.calls.add()
      assert.match(String(await now.send()), /influxdb at http:.* answered 500: .*timeout/)
      assert.equal(now.destination.stats.pending, 1)
    }
    now.receiver.answer = () => true
    assert.equal(await now.send(), undefined)
    assert.equal(now.received(), 50)
    assert.equal(now.receiver.written.length, 52)
  })

  it('leaves a server alone that has too much to do, but for the last time', async () => {
    await using now = await scene()
    now.calls.add(1)
    for (const [header, waitMs] of [
      ['30', 30_000],
      ['Thu, 01 Jan 2026 00:01:30 GMT', 60_000],
      ['99999', 300_000],
    ] as const) {
      now.receiver.answer = (_, response) => refuse(response, 429, '', { 'retry-after': header })
      const before = now.receiver.written.length
      const error = await now.send()
      assert.match(String(error), /answered 429/)
      await now.clock.advance(waitMs - 1)
      assert.equal(await now.send(), error)
      assert.equal(now.receiver.written.length, before + 1)
      await now.clock.advance(1)
    }
    await now.send()
    now.receiver.answer = () => true
    const before = now.receiver.written.length
    assert.equal(await now.send(true), undefined)
    assert.deepEqual([now.receiver.written.length, now.received()], [before + 1, 1])
  })

  it('goes on where a database or a right is missing, once it is there', async () => {
    await using now = await scene()
    now.calls.add(3)
    for (const status of [401, 403, 404]) {
      now.receiver.answer = (_, response) => refuse(response, status, 'database not found: "test"')
      assert.match(String(await now.send()), /not found/)
    }
    now.receiver.answer = () => true
    assert.equal(await now.send(), undefined)
    assert.equal(now.received(), 3)
  })

  it('gives up what was left out of a partial write, and says so', async () => {
    await using now = await scene()
    const level = now.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 9; of++) level.with({ of }).set(of)
    const error = 'partial write: field type conflict: input field "value" is type float dropped=2'
    now.receiver.answer = ({ lines }, response) => {
      now.receiver.take(lines.slice(2))
      return refuse(response, 400, error)
    }
    assert.match(String(await now.send()), /field type conflict/)
    const { sent, dropped, pending } = now.destination.stats
    assert.deepEqual([sent, dropped, pending, now.receiver.written.length], [8, 2, 0, 1])
    now.receiver.answer = () => true
    assert.equal(await now.send(), undefined)
    assert.ok(now.receiver.written.at(-1)?.text.includes('influx.dropped_lines value=2 '))
    now.calls.add()
    now.receiver.answer = (_, response) =>
      refuse(response, 400, "partial write: unable to parse 'a': x\nunable to parse 'b': x dropped=0")
    await now.send()
    assert.equal(now.destination.stats.dropped, 4)
  })

  it('finds the bad lines of a batch that is refused as a whole', async () => {
    await using now = await scene()
    const level = now.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 99; of++) level.with({ of }).set(of)
    const isBad = (line: string) => /of=(7|55) /.test(line)
    now.receiver.answer = ({ lines }, response) => !lines.some(isBad) || refuse(response, 400, "unable to parse '…'")
    assert.match(String(await now.send()), /unable to parse/)
    assert.deepEqual([now.destination.stats.sent, now.destination.stats.dropped], [98, 2])
    assert.equal(now.receiver.points.length, 98)
    assert.ok(now.receiver.written.length < 40)
  })

  it('does not ask for ever where all is refused', async () => {
    await using now = await scene()
    const level = now.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 999; of++) level.with({ of }).set(of)
    now.receiver.answer = (_, response) => refuse(response, 400, 'bad timestamp')
    assert.match(String(await now.send()), /bad timestamp/)
    assert.deepEqual([now.destination.stats.dropped, now.destination.stats.pending], [1_000, 0])
    assert.ok(now.receiver.written.length < 200, `${now.receiver.written.length} requests`)
  })

  it('halves what is too large, and gives up a line that is', async () => {
    await using now = await scene()
    const level = now.metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 20; of++) level.with({ of }).set(of)
    level.with({ of: 'x'.repeat(900) }).set(1)
    now.receiver.answer = ({ text }, response) => text.length < 500 || refuse(response, 413, 'too large')
    assert.match(String(await now.send()), /413/)
    assert.deepEqual([now.destination.stats.sent, now.destination.stats.dropped], [21, 1])
    assert.equal(now.receiver.points.length, 21)
  })

  it('ends with the time that it was given, and keeps what it had', async () => {
    await using now = await scene()
    now.calls.add(4)
    const controller = new AbortController()
    now.receiver.answer = () => {
      controller.abort(new Error('too late'))
      return new Promise<boolean>(() => {})
    }
    assert.notEqual(await now.send(false, controller.signal), undefined)
    assert.equal(now.destination.stats.pending, 1)
    now.receiver.answer = () => true
    assert.equal(await now.send(), undefined)
    assert.equal(now.received(), 4)
  })

  it('counts what is left at the end as lost', async () => {
    await using now = await scene()
    now.calls.add(4)
    now.receiver.answer = (_, response) => refuse(response, 503)
    assert.notEqual(await now.send(true), undefined)
    assert.deepEqual([now.destination.stats.dropped, now.destination.stats.pending], [1, 0])
  })

  it('never says a secret', async () => {
    await using now = await scene({ database: 'test', user: 'me', password: 'hush' })
    now.calls.add(1)
    now.receiver.answer = ({ headers }, response) => refuse(response, 401, `no: ${headers.authorization}`)
    const error = String(await now.send())
    assert.match(error, /no: Basic \(token\)/)
  })
})
