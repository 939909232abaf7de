import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { checkedKubernetes } from './connection.ts'
import { listSlices } from './slice-list.ts'
import { SlicesApi } from './slices-api.ts'

const path = 'GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const slice = (name: string) => ({ metadata: { name }, addressType: 'IPv4' })
const page = (resourceVersion: string, next: string | undefined, ...names: readonly string[]) => ({
  kind: 'EndpointSliceList',
  metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) },
  items: names.map(slice),
})

async function open() {
  const agent = await ScriptedAgent.open()
  const clock = manualClock()
  const api = new SlicesApi(checkedKubernetes({ url: agent.url, clock }))
  const listing = { selector: 'a=b', signal: new AbortController().signal, timeoutMs: 3_000, name: 'orders' }
  return {
    agent,
    clock,
    list: () => listSlices(api, listing),
    answer: async (status: number, body: unknown) => {
      const asked = await agent.next()
      asked.answer(status, body)
      return asked.line
    },
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
      assert.equal(clock.pending, 0)
    },
  }
}

describe('listSlices', { timeout: 10_000 }, () => {
  it('asks for page after page, and has the version of the last one', async () => {
    await using it = await open()
    const listing = it.list()
    const first = `${path}?labelSelector=a=b&limit=500`
    assert.equal(await it.answer(200, page('7', 'more', 'x', 'y')), first)
    assert.equal(await it.answer(200, page('7', '', 'z')), `${first}&continue=more`)
    const { slices, resourceVersion } = await listing
    assert.deepEqual([slices.map(({ metadata }) => metadata.name), resourceVersion], [['x', 'y', 'z'], '7'])
  })

  it('asks for all at once when the server does not remember the moment of the first page', async () => {
    await using it = await open()
    const listing = it.list()
    await it.answer(200, page('7', 'more', 'x'))
    await it.answer(410, { kind: 'Status', code: 410 })
    assert.equal(await it.answer(200, page('9', undefined, 'y')), `${path}?labelSelector=a=b`)
    const { slices, resourceVersion } = await listing
    assert.deepEqual([slices.map(({ metadata }) => metadata.name), resourceVersion], [['y'], '9'])
  })

  it('gives up when that is refused too, and whatever else is', async () => {
    await using it = await open()
    const listing = assert.rejects(it.list(), { code: 'out_of_range' })
    for (let turn = 0; turn < 2; turn++) await it.answer(410, '')
    await listing
    const failing = assert.rejects(it.list(), { code: 'unavailable' })
    await it.answer(503, '')
    await failing
  })

  it('takes nothing for a list that is none', async () => {
    await using it = await open()
    const bad = [
      '<html>',
      'null',
      '7',
      {},
      { items: [] },
      { ...page('7', ''), items: {} },
      { ...page('7', ''), items: [7] },
    ]
    for (const body of [...bad, { metadata: { resourceVersion: '7', continue: 7 } }]) {
      const listing = assert.rejects(it.list(), {
        code: 'internal',
        message: 'orders sent no list of EndpointSlices: is this the URL of an API server?',
      })
      await it.answer(200, body)
      await listing
    }
    const listing = it.list()
    await it.answer(200, { metadata: { resourceVersion: '7' }, items: null })
    assert.deepEqual(await listing, { slices: [], resourceVersion: '7' })
  })

  it('waits no longer than it may', async () => {
    await using it = await open()
    const late = assert.rejects(it.list(), { code: 'deadline_exceeded' })
    await it.agent.next()
    await it.clock.advance(3_000)
    await late
  })
})
