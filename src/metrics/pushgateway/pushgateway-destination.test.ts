// Tests of pushgateway-destination.ts: against a server that answers as the test says.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { prometheus } from '../prometheus/prometheus.ts'
import { PushgatewayDestination } from './pushgateway-destination.ts'
import { checkedPushgateway, type PushgatewayOptions } from './pushgateway-options.ts'

async function scene(options?: Partial<PushgatewayOptions>) {
  const clock = manualClock()
  const gateway = await ScriptedAgent.open()
  const page = prometheus({ clock })
  page.counter({ name: 'orders_total' }).add(3)
  const all: PushgatewayOptions = { url: gateway.url, job: 'nightly', clock, ...options }
  const destination = new PushgatewayDestination(page, checkedPushgateway(all), all)
  const controller = new AbortController()
  /** Gives what it failed with. */
  const send = (isLast = false): Promise<Error | undefined> =>
    destination.send({ signal: controller.signal, isLast }).then(
      () => undefined,
      (error) => error,
    )
  return {
    ...{ clock, gateway, destination, send, controller },
    async [Symbol.asyncDispose]() {
      await destination.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

describe('PushgatewayDestination', { timeout: 10_000 }, () => {
  it('pushes the page', async () => {
    await using now = await scene({ grouping: { instance: 'h/1' }, user: 'me', password: 'p' })
    const sending = now.send()
    const asked = await now.gateway.next()
    asked.answer(200)
    assert.equal(await sending, undefined)
    assert.equal(asked.line, 'PUT /metrics/job/nightly/instance@base64/aC8x')
    assert.equal(asked.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    assert.equal(asked.headers.authorization, 'Basic bWU6cA==')
    assert.equal(asked.body, '# TYPE orders_total counter\norders_total 3\n')
    assert.equal(now.destination.pushes, 1)
  })

  it('adds to the group with post', async () => {
    await using now = await scene({ method: 'post' })
    const sending = now.send()
    const asked = await now.gateway.next()
    asked.answer(202)
    await sending
    assert.equal(asked.method, 'POST')
  })

  it('says what the gateway did not like, and does not try again', async () => {
    await using now = await scene()
    for (const isLast of [false, true]) {
      const sending = now.send(isLast)
      ;(await now.gateway.next()).answer(400, 'pushed metrics are invalid or inconsistent: orders_total')
      assert.match(String(await sending), /pushgateway at http:.* answered 400: pushed metrics are invalid/)
    }
    assert.deepEqual([now.gateway.asked.length, now.destination.pushes], [2, 0])
  })

  it('tries the last push again while nobody answers, until its time is over', async () => {
    await using now = await scene()
    const asked = (times: number) =>
      eventually(async () => {
        await now.clock.advance(100)
        return now.gateway.asked.length === times
      })
    const sending = now.send(true)
    for (let times = 1; times <= 3; times++) {
      await asked(times)
      ;(await now.gateway.next()).answer(503, 'starting')
    }
    const began = now.clock.now()
    await asked(4)
    assert.ok(now.clock.now() >= began + 900, 'it waits')
    ;(await now.gateway.next()).answer(200)
    assert.equal(await sending, undefined)
    const other = now.send(true)
    await asked(5)
    ;(await now.gateway.next()).answer(503, 'starting')
    await asked(6)
    now.controller.abort(new Error('over'))
    assert.notEqual(await other, undefined)
    assert.equal(now.destination.pushes, 1)
  })

  it('leaves others to the next interval', async () => {
    await using now = await scene()
    const sending = now.send()
    ;(await now.gateway.next()).answer(503)
    assert.match(String(await sending), /answered 503/)
    assert.equal(now.gateway.asked.length, 1)
  })

  it('deletes the group at the end where it should', async () => {
    await using now = await scene({ deleteOnClose: true })
    const pushing = now.send()
    const pushed = await now.gateway.next()
    pushed.answer(200)
    await pushing
    const ending = now.send(true)
    const deleted = await now.gateway.next()
    deleted.answer(202)
    assert.equal(await ending, undefined)
    assert.deepEqual([pushed.method, deleted.line, deleted.body], ['PUT', 'DELETE /metrics/job/nightly', ''])
    assert.equal(now.destination.pushes, 1)
  })
})
