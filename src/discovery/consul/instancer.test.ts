import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { InstanceSet } from '../instancer.ts'
import { type ConsulInstancerOptions, consulInstancer } from './instancer.ts'

const entry = (id: string, service: object = {}) => ({
  Node: { Node: 'n1', Address: '10.0.0.1' },
  Service: { ID: id, Address: `${id}.test`, Port: 80, Weights: { Passing: 1, Warning: 1 }, ...service },
  Checks: [{ Status: 'passing' }],
})

/** An instancer of a scripted agent, with somebody who listens. */
async function lookup(options?: Partial<ConsulInstancerOptions>) {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const instancer = consulInstancer({
    service: 'add',
    url: agent.url,
    clock,
    backoff: { jitter: 'none' },
    recoveryMs: 0,
    ...options,
  })
  const heard: InstanceSet[] = []
  const subscription = instancer.subscribe((set) => heard.push(set))
  return {
    agent,
    clock,
    instancer,
    subscription,
    heard,
    ids: () => instancer.current.instances?.map(({ id }) => id),
    /** Answers the next query, and gives what it asked. */
    answer: async (index: number, ...ids: string[]) => {
      const asked = await agent.next()
      asked.answerAt(
        index,
        ids.map((id) => entry(id)),
      )
      return asked.line
    },
    /** How long the next query waits for its turn, or for the end of a back-off; none is on its way. */
    rests: async (asked: number, untilAt: number) => {
      await eventually(() => clock.nextAt === untilAt)
      assert.equal(agent.asked.length, asked)
    },
    [Symbol.asyncDispose]: async () => {
      await instancer[Symbol.asyncDispose]()
      await eventually(() => agent.sockets.size === 0)
      assert.equal(clock.pending, 0)
      await agent[Symbol.asyncDispose]()
    },
  }
}

const first = 'GET /v1/health/service/add?passing=1'
const after = (index: number, wait = 300_000) => `${first}&index=${index}&wait=${wait}ms`

describe('consulInstancer', { timeout: 20_000 }, () => {
  it('asks for all at first, and then for what has changed since', async () => {
    await using it = await lookup()
    assert.equal(await it.answer(7, 'b', 'a'), first)
    assert.equal(await it.answer(9, 'a', 'c'), after(7))
    assert.equal((await it.agent.next()).line, after(9))
    assert.deepEqual(
      it.heard.map(({ instances }) => instances?.map(({ id }) => id)),
      [
        ['n1/a', 'n1/b'],
        ['n1/a', 'n1/c'],
      ],
    )
  })

  it('is named for the service and the agent', async () => {
    await using it = await lookup()
    assert.equal(it.instancer.name, `add in consul at ${it.agent.url}`)
    await it.agent.next()
  })

  it('asks for what it was told to, and drops what has not all tags', async () => {
    const options = { service: 'a b/ü', tags: ['x', 'y&z'], passingOnly: false, datacenter: 'dc2', waitMs: 1_000 }
    await using it = await lookup({ ...options, token: 'sesame' })
    const asked = await it.agent.next()
    assert.equal(asked.url.pathname, '/v1/health/service/a%20b%2F%C3%BC')
    assert.deepEqual(
      [...asked.url.searchParams],
      [
        ['tag', 'x'],
        ['tag', 'y&z'],
        ['dc', 'dc2'],
      ],
    )
    assert.equal(asked.headers['x-consul-token'], 'sesame')
    // As a Consul that knows one tag only would answer.
    asked.answerAt(1, [entry('a', { Tags: ['x'] }), entry('b', { Tags: ['y&z', 'x'] })])
    assert.match((await it.agent.next()).line, /&index=1&wait=1000ms$/)
    assert.deepEqual(it.ids(), ['n1/b'])
  })

  it('tells nobody of a return without a change', async () => {
    await using it = await lookup()
    await it.answer(7, 'a')
    for (let turn = 0; turn < 3; turn++) assert.equal(await it.answer(7, 'a'), after(7))
    await it.agent.next()
    assert.equal(it.heard.length, 1)
  })

  it('asks for all when the index goes backwards', async () => {
    await using it = await lookup()
    await it.answer(70, 'a')
    assert.equal(await it.answer(12, 'b'), after(70))
    assert.equal(await it.answer(13, 'c'), first)
    assert.equal((await it.agent.next()).line, after(13))
    assert.deepEqual(it.ids(), ['n1/c'])
  })

  it('never asks from an index below 1, which would not wait', async () => {
    for (const index of [0, -3]) {
      await using it = await lookup()
      await it.answer(index, 'a')
      assert.equal(await it.answer(index, 'a'), after(1))
      assert.equal(await it.answer(5, 'b'), after(1))
      assert.equal(await it.answer(index, 'b'), after(5))
      assert.equal((await it.agent.next()).line, after(1))
    }
  })

  it('becomes a poll when queries return all the time', async () => {
    await using it = await lookup()
    for (let index = 1; index <= 5; index++) await it.answer(index, `a${index}`)
    // The five that may come at once are used up; each second brings one more.
    for (let second = 1; second <= 4; second++) {
      await it.rests(4 + second, 1_000 * second)
      await it.clock.advance(999)
      assert.equal(it.agent.asked.length, 4 + second)
      await it.clock.advance(1)
      await it.answer(10 + second, `b${second}`)
    }
    await it.rests(9, 5_000)
    assert.deepEqual(it.ids(), ['n1/b4'])
  })

  it('does not spin where the index stays 0 and nothing waits', async () => {
    await using it = await lookup({ minQueryIntervalMs: 10_000 })
    for (let turn = 0; turn < 5; turn++) await it.answer(0, 'a')
    await it.rests(5, 10_000)
    await it.clock.advance(10_000)
    await it.answer(0, 'a')
    await it.rests(6, 20_000)
  })

  it('keeps what is known through failures, asks less and less often, and then for all', async () => {
    await using it = await lookup()
    await it.answer(7, 'a')
    ;(await it.agent.next()).answer(500, 'No cluster leader')
    await it.rests(2, 1_000)
    assert.match(it.instancer.current.error?.message ?? '', /^consul at .* answered 500: No cluster leader$/)
    assert.deepEqual(it.ids(), ['n1/a'])
    await it.clock.advance(1_000)
    const again = await it.agent.next()
    assert.equal(again.line, first)
    again.answer(500)
    await it.rests(3, 2_600)
    await it.clock.advance(1_600)
    assert.equal(await it.answer(3, 'b'), first)
    assert.equal((await it.agent.next()).line, after(3))
    assert.deepEqual([it.ids(), it.instancer.current.error], [['n1/b'], undefined])
  })

  it('takes garbage for a failure', async () => {
    const garbage: [(asked: AskedOfAgent) => void, RegExp][] = [
      [(asked) => asked.answerAt(8, '[{"Node"'), /the reply is not JSON: is this the URL of a Consul agent\?$/],
      [(asked) => asked.answerAt(8, [{ a: 1 }]), /the reply is no list of service instances$/],
      [(asked) => asked.answer(200, []), /sent no X-Consul-Index: is this the URL of a Consul agent\?$/],
      [(asked) => asked.answer(200, [], { 'x-consul-index': 'soon' }), /sent no X-Consul-Index/],
      [(asked) => asked.answerAt(8, [entry('a', { Port: 0 })]), /none of 1 instances can be called/],
      [(asked) => asked.answer(404, 'nothing here'), /answered 404: nothing here$/],
    ]
    for (const [spoil, said] of garbage) {
      await using it = await lookup()
      await it.answer(7, 'a')
      spoil(await it.agent.next())
      await it.rests(2, 1_000)
      assert.match(it.instancer.current.error?.message ?? '', said)
      assert.match(it.instancer.current.error?.message ?? '', /^consul at http/)
      assert.deepEqual(it.ids(), ['n1/a'])
    }
  })

  it('believes that there are none, unless they are only hidden', async () => {
    await using it = await lookup()
    await it.answer(7, 'a')
    const hidden = { 'x-consul-index': '8', 'x-consul-results-filtered-by-acls': 'true' }
    ;(await it.agent.next()).answer(200, [], hidden)
    await it.rests(2, 1_000)
    assert.match(it.instancer.current.error?.message ?? '', /hides all instances of add: the token needs service:read/)
    assert.deepEqual(it.ids(), ['n1/a'])
    await it.clock.advance(1_000)
    await it.answer(9)
    await it.agent.next()
    assert.deepEqual([it.ids(), it.instancer.current.error], [[], undefined])
  })

  it('gives a query the time that Consul may take, and no more', async () => {
    await using it = await lookup({ waitMs: 16_000, timeoutMs: 2_000 })
    await it.agent.next()
    await it.clock.advance(2_000)
    await it.rests(1, 3_000)
    assert.match(it.instancer.current.error?.message ?? '', /did not answer within 2s$/)
    await it.clock.advance(1_000)
    await it.answer(7, 'a')
    await it.agent.next()
    await it.clock.advance(18_999)
    assert.deepEqual([it.ids(), it.instancer.current.error], [['n1/a'], undefined])
    await it.clock.advance(1)
    await eventually(() => it.instancer.current.error !== undefined)
    assert.match(it.instancer.current.error?.message ?? '', /did not answer within 19s$/)
  })

  it('ends its query at once when the last one leaves, with no socket left, and begins again', async () => {
    await using it = await lookup()
    await it.answer(7, 'a')
    const waiting = await it.agent.next()
    assert.equal(it.agent.sockets.size, 1)
    it.subscription[Symbol.dispose]()
    await waiting.gone
    await eventually(() => it.agent.sockets.size === 0)
    assert.equal(it.clock.pending, 0)
    it.instancer.subscribe(() => {})
    assert.equal(await it.answer(8, 'b'), first)
    await it.agent.next()
    assert.deepEqual(it.ids(), ['n1/b'])
  })

  it('ends while it rests, and while it waits for a token', async () => {
    await using it = await lookup({ minQueryIntervalMs: 60_000 })
    for (let index = 1; index <= 5; index++) await it.answer(index, 'a')
    await it.rests(5, 60_000)
    await it.instancer[Symbol.asyncDispose]()
    assert.equal(it.clock.pending, 0)
    await using other = await lookup({ token: () => new Promise(() => {}) })
    await other.instancer[Symbol.asyncDispose]()
    assert.equal(other.clock.pending, 0)
    assert.equal(other.agent.asked.length, 0)
  })

  it('takes ten thousand instances, by one connection', async () => {
    await using it = await lookup()
    const names = Array.from({ length: 10_000 }, (_, at) => `a${at}`)
    const asked = await it.agent.next()
    asked.answerAt(
      7,
      names.map((id) => entry(id, { Meta: { note: 'x'.repeat(500) } })),
    )
    await it.agent.next()
    assert.equal(it.ids()?.length, 10_000)
    assert.equal(it.agent.sockets.size, 1)
  })

  it('refuses options that make no sense, by their names', () => {
    const refuse = (options: object, said: RegExp) =>
      assert.throws(() => consulInstancer({ service: 'add', ...options }), said)
    refuse({ service: '' }, /^TypeError: service must be a text/)
    refuse({ datacenter: '' }, /^TypeError: datacenter must be a text/)
    refuse({ tags: 'prod' }, /^TypeError: tags must be a list of texts/)
    refuse({ tags: [''] }, /^TypeError: tags must be a list of texts/)
    refuse({ waitMs: 0 }, /^RangeError: waitMs must be a number from 1000 to 600000/)
    refuse({ timeoutMs: 0 }, /^RangeError: timeoutMs must be a number from 1 /)
    refuse({ minQueryIntervalMs: 0 }, /^RangeError: minQueryIntervalMs must be a number from 10 /)
    refuse({ url: 'consul' }, /^TypeError: url must be like/)
    refuse({ backoff: { initialMs: -1 } }, /initialMs/)
  })
})
