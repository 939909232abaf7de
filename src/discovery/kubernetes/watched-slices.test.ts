import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { checkedKubernetes } from './connection.ts'
import { SlicesApi } from './slices-api.ts'
import { WatchedSlices } from './watched-slices.ts'

const path =
  'GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=add'

const slice = (name: string, version: number, annotations: Record<string, string> = {}) => ({
  metadata: { name, resourceVersion: String(version), annotations },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'], targetRef: { name: `pod-of-${name}` } }],
  ports: [{ port: 80 }],
})
const leased = (name: string, version: number) =>
  slice(name, version, { 'servicekit/ttl-ms': '1000', 'servicekit/renewed-at': `2026-01-01T00:00:00.${version}Z` })
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`
const bookmark = (version: number) => event('BOOKMARK', { metadata: { resourceVersion: String(version) } })

async function open(random = 0.5) {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const stop = new AbortController()
  const wanted = { service: 'add', port: undefined, addressType: undefined, readyOnly: true }
  const slices = new WatchedSlices(new SlicesApi(checkedKubernetes({ url: agent.url, clock })), {
    wanted,
    name: 'add in kubernetes',
    clock,
    timeoutMs: 2_000,
    watchMs: 40_000,
    random: () => random,
  })
  return {
    agent,
    clock,
    stop,
    slices,
    list: async (...items: readonly object[]) => {
      const listing = slices.list(stop.signal)
      ;(await agent.next()).answer(200, { metadata: { resourceVersion: '10' }, items })
      const { entries, position } = await listing
      return [Array.from(entries, ([key]) => key), position]
    },
    watch: async (): Promise<readonly [AskedOfAgent, () => Promise<unknown>]> => {
      const watch = slices.watch('10', stop.signal)[Symbol.asyncIterator]()
      const next = async () => {
        const { value, done } = await watch.next()
        if (done || value === 'expired') return value
        return [Array.from(value.changes, ([key, known]) => (known ? `+${key}` : `-${key}`)).join(' '), value.position]
      }
      // It begins with its first reader.
      const first = next()
      first.catch(() => {})
      const begun = [first]
      return [await agent.next(), () => begun.shift() ?? next()]
    },
    [Symbol.asyncDispose]: async () => {
      await slices[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
      assert.equal(clock.pending, 0)
    },
  }
}

describe('WatchedSlices', { timeout: 10_000 }, () => {
  it('lists, and watches from there for about as long as it was told to', async () => {
    for (const [random, seconds] of [
      [0, 30],
      [0.5, 40],
      [0.999, 50],
    ] as const) {
      await using it = await open(random)
      assert.deepEqual(await it.list(slice('a', 3), slice('b', 4)), [['a', 'b'], '10'])
      const [asked] = await it.watch()
      const query = `&watch=1&resourceVersion=10&allowWatchBookmarks=true&timeoutSeconds=${seconds}`
      assert.equal(asked.line, path + query)
      asked.begin('')
      asked.end()
    }
  })

  it('tells what changes, and how far it has come', async () => {
    await using it = await open()
    const [asked, next] = await it.watch()
    asked.begin(event('ADDED', slice('a', 11)) + event('MODIFIED', slice('a', 12)) + event('DELETED', slice('a', 13)))
    assert.deepEqual(
      [await next(), await next(), await next()],
      [
        ['+a', '11'],
        ['+a', '12'],
        ['-a', '13'],
      ],
    )
    const text = bookmark(20)
    asked.more(text.slice(0, 9))
    asked.more(text.slice(9))
    assert.deepEqual(await next(), ['', '20'])
    asked.end()
    assert.equal(await next(), undefined)
  })

  it('says that its version is too old, in whichever way it hears so', async () => {
    await using it = await open()
    const [refused, first] = await it.watch()
    refused.answer(410, { kind: 'Status', code: 410 })
    assert.deepEqual([await first(), await first()], ['expired', undefined])
    const [asked, next] = await it.watch()
    asked.begin(event('ERROR', { code: 410 }))
    assert.deepEqual([await next(), await next()], ['expired', undefined])
    await asked.gone
  })

  it('has all listed again where the connection is cut, within a line or not', async () => {
    for (const last of ['', '{"type":']) {
      await using it = await open()
      const [asked, next] = await it.watch()
      asked.begin(bookmark(11) + last)
      assert.deepEqual(await next(), ['', '11'])
      asked.cut()
      assert.deepEqual([await next(), await next()], ['expired', undefined])
    }
  })

  it('throws what the server fails with, and what makes no sense', async () => {
    await using it = await open()
    const [refused, first] = await it.watch()
    refused.answer(503)
    await assert.rejects(first(), { code: 'unavailable' })
    for (const [line, code] of [
      [event('ERROR', { code: 500 }), 'unavailable'],
      ['<html>\n', 'internal'],
      [`${'x'.repeat(17 * 1024 * 1024)}`, 'invalid_argument'],
    ]) {
      const [asked, next] = await it.watch()
      asked.begin(line as string)
      await assert.rejects(next(), { code })
      await asked.gone
    }
  })

  it('waits for the head of an answer no longer than it may, and for what follows as long as it must', async () => {
    await using it = await open()
    const [late, first] = await it.watch()
    const failing = assert.rejects(first(), { code: 'deadline_exceeded' })
    await it.clock.advance(2_000)
    await failing
    await late.gone
    const [asked, next] = await it.watch()
    asked.begin(bookmark(11))
    await next()
    await it.clock.advance(1_000_000)
    asked.more(bookmark(12))
    assert.deepEqual(await next(), ['', '12'])
    const ending = assert.rejects(next(), { code: 'canceled' })
    it.stop.abort()
    await ending
    await asked.gone
  })

  it('takes away who does not renew while others do, and has it back when it does', async () => {
    await using it = await open()
    assert.deepEqual(await it.list(leased('a', 100), leased('b', 101), slice('c', 1)), [['a', 'b', 'c'], '10'])
    const [asked, next] = await it.watch()
    const told: unknown[] = []
    asked.begin('')
    for (let version = 102; version < 106; version++) {
      await it.clock.advance(300)
      asked.more(event('MODIFIED', leased('a', version)))
      told.push(await next())
    }
    asked.more(event('MODIFIED', leased('b', 106)))
    told.push(await next())
    assert.deepEqual(told, [
      ['+a', '102'],
      ['+a', '103'],
      ['+a', '104'],
      ['+a -b', '105'],
      ['+b', '106'],
    ])
    asked.end()
  })

  it('takes a bookmark that is further on for a sign that others could renew, and one that is not for none', async () => {
    await using it = await open()
    await it.list(leased('a', 100))
    const [asked, next] = await it.watch()
    asked.begin('')
    const told: unknown[] = []
    for (const version of [10, 10, 10, 11, 11, 12]) {
      await it.clock.advance(600)
      asked.more(bookmark(version))
      told.push(await next())
    }
    assert.deepEqual(told, [
      ['', '10'],
      ['', '10'],
      ['', '10'],
      ['', '11'],
      ['', '11'],
      ['-a', '12'],
    ])
    // Listed again it stays away.
    assert.deepEqual(await it.list(leased('a', 100), leased('b', 101)), [['b'], '10'])
    asked.end()
  })
})
