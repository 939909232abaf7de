import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { askedOf, gone, listed, pair, refusal, told } from '../../../test/discovery/scripted-etcd.ts'
import type { Changed } from '../list-and-watch.ts'
import { checkedEtcd } from './connection.ts'
import { textOf } from './keys.ts'
import { ServiceEntries } from './service-entries.ts'
import { WatchedService } from './watched-service.ts'

const { signal } = new AbortController()
const prefix = '/services/x/'
const [a, b] = [pair('/services/x/a', 'h:1', 3), pair('/services/x/b', 'h:2', 4)]

/** A service that was listed at revision 5, at one member or more. */
class Setup implements AsyncDisposable {
  readonly agents: readonly [ScriptedAgent, ...ScriptedAgent[]]
  readonly service: WatchedService

  private constructor(agents: readonly [ScriptedAgent, ...ScriptedAgent[]]) {
    this.agents = agents
    const entries = new ServiceEntries(prefix, 'x', () => {})
    const checked = checkedEtcd({ url: agents.map(({ url }) => url) })
    this.service = new WatchedService(checked, { prefix, entries, timeoutMs: 5_000 })
  }

  static async open(...others: readonly ScriptedAgent[]): Promise<Setup> {
    const setup = new Setup([await ScriptedAgent.open(), ...others])
    await setup.lists(listed(5, [a, b]))
    return setup
  }

  next(): Promise<AskedOfAgent> {
    return this.agents[0].next()
  }

  async lists(reply: object) {
    const listing = this.service.list(signal)
    // It may fail before anybody looks.
    listing.catch(() => {})
    ;(await this.next()).answer(200, reply)
    const { entries, position } = await listing
    return { keys: Array.from(entries, ([key]) => textOf(key)), position }
  }

  /** A watch from revision 5 on, of which the first messages came. */
  async watch(...messages: readonly string[]) {
    const changes = this.service.watch(5, signal)
    const first = changes.next()
    first.catch(() => {})
    const asked = await this.next()
    asked.begin(messages.join(''))
    const heard: (readonly [number, readonly unknown[]] | 'expired')[] = []
    const take = (each: Changed<number> | 'expired') =>
      heard.push(
        each === 'expired'
          ? each
          : [each.position, Array.from(each.changes, ([key, is]) => [textOf(key), is?.[0]?.address])],
      )
    const { value } = await first
    if (value !== undefined) take(value)
    for (let message = 1; message < messages.length; message++) {
      const next = await changes.next()
      if (next.done !== true) take(next.value)
    }
    return { asked, changes, heard }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]()
    for (const agent of this.agents) await agent[Symbol.asyncDispose]()
  }
}

const created = told(5, { created: true })

describe('WatchedService', { timeout: 10_000 }, () => {
  it('lists page by page, all of the revision of the first one', async () => {
    await using setup = await Setup.open()
    const listing = setup.service.list(signal)
    const pages = [listed(9, [a], true), listed(12, [b], true), listed(13)]
    const asked = []
    for (const page of pages) {
      const request = await setup.next()
      asked.push(askedOf(request))
      request.answer(200, page)
    }
    const { entries, position } = await listing
    assert.deepEqual([Array.from(entries).length, position], [2, 9])
    const range = { range_end: '/services/x0', limit: '500' }
    assert.deepEqual(asked, [
      ['POST /v3/kv/range', { ...range, key: prefix, revision: '0' }],
      ['POST /v3/kv/range', { ...range, key: '/services/x/a\0', revision: '9' }],
      ['POST /v3/kv/range', { ...range, key: '/services/x/b\0', revision: '9' }],
    ])
  })

  it('fails where what it lists is another store, or one that has lost its memory', async () => {
    const message = (text: string) => ({
      code: 'data_loss',
      message: new RegExp(`revision ${text}: it is another one`),
    })
    await using setup = await Setup.open()
    assert.deepEqual(await setup.lists(listed(7, [a])), { keys: ['/services/x/a'], position: 7 })
    await assert.rejects(setup.lists(listed(6)), message('6 after 7'))
    await assert.rejects(setup.lists(listed(8, [], false, '2')), message('8 after 7'))
    await assert.rejects(setup.lists({ header: {} }), /has no revision/)
  })

  it('watches from the last revision it knows, lest a removal at the next one be lost to a compaction', async () => {
    await using setup = await Setup.open()
    const { asked, changes } = await setup.watch(created)
    assert.deepEqual(askedOf(asked), [
      'POST /v3/watch',
      {
        create_request: {
          key: prefix,
          range_end: '/services/x0',
          start_revision: '5',
          progress_notify: true,
          fragment: true,
        },
      },
    ])
    await changes.return()
    await asked.gone
  })

  it('knows all up to the last event, and not up to where the store is', async () => {
    await using setup = await Setup.open()
    const { heard, changes } = await setup.watch(
      created,
      // After a while a store tells of some thousand revisions at once, and says how far it is.
      told(5_000, { events: [{ kv: pair('/services/x/c', 'h:3', 6) }, gone('/services/x/a', 7)] }),
      told(5_000, { events: [{ type: 'PUT', kv: pair('/services/x/a', 'h:4', 8) }] }),
      // Where nothing happens it says that all is told.
      told(6_000),
    )
    assert.deepEqual(heard, [
      [5, []],
      [
        7,
        [
          ['/services/x/c', 'h:3'],
          ['/services/x/a', undefined],
        ],
      ],
      [8, [['/services/x/a', 'h:4']]],
      [6_000, []],
    ])
    await changes.return()
  })

  it('is told nothing twice', async () => {
    await using setup = await Setup.open()
    const { heard, changes } = await setup.watch(
      created,
      told(6, { events: [gone('/services/x/a', 5), { kv: pair('/services/x/b', 'h:9', 6) }] }),
    )
    assert.deepEqual(heard, [
      [5, []],
      [6, [['/services/x/b', 'h:9']]],
    ])
    await changes.return()
  })

  it('knows a revision when its last fragment has come', async () => {
    await using setup = await Setup.open()
    const { heard, changes } = await setup.watch(
      created,
      told(7, {
        fragment: true,
        events: [{ kv: pair('/services/x/c', 'h:3', 6) }, { kv: pair('/services/x/d', 'h:4', 7) }],
      }),
      told(7, { events: [{ kv: pair('/services/x/e', 'h:5', 7) }] }),
    )
    assert.deepEqual(heard, [
      [5, []],
      [
        5,
        [
          ['/services/x/c', 'h:3'],
          ['/services/x/d', 'h:4'],
        ],
      ],
      [7, [['/services/x/e', 'h:5']]],
    ])
    await changes.return()
  })

  it('is expired by a compaction, and by a store that is another one or behind', async () => {
    await using setup = await Setup.open()
    const compacted = await setup.watch(created, told(0, { canceled: true, compact_revision: '9' }))
    assert.deepEqual(compacted.heard, [[5, []], 'expired'])
    for (const beginning of [told(4, { created: true }), told(5, { created: true }, '2')]) {
      const { heard, changes, asked } = await setup.watch(beginning)
      assert.deepEqual([heard, (await changes.next()).done], [['expired'], true])
      await asked.gone
    }
  })

  it('ends where the server ends it well, and fails where it did not even begin', async () => {
    await using setup = await Setup.open()
    const { asked, changes } = await setup.watch(created)
    asked.end()
    assert.equal((await changes.next()).done, true)
    const failing = assert.rejects(setup.service.watch(5, signal).next(), {
      code: 'unavailable',
      message: /the watch ended before it began/,
    })
    ;(await setup.next()).answer(200)
    await failing
  })

  it('fails when it breaks off, as what comes back may have lost its memory', async () => {
    await using setup = await Setup.open()
    const { changes } = await setup.watch(created)
    for (const socket of setup.agents[0].sockets) socket.destroy()
    await assert.rejects(changes.next(), { code: 'unavailable' })
  })

  it('ends when it breaks off and there are other members, which are asked then', async () => {
    const other = await ScriptedAgent.open()
    await using setup = await Setup.open(other)
    const { changes } = await setup.watch(created)
    for (const socket of setup.agents[0].sockets) socket.destroy()
    assert.equal((await changes.next()).done, true)
    const again = setup.service.watch(6, signal)
    const first = again.next()
    const asked = await other.next()
    asked.begin(told(8, { created: true }))
    await first
    const next = again.next()
    asked.more('{"error":{"grpc_code":14,"message":"etcdserver: no leader"}}\n')
    assert.equal((await next).done, true)
    const refused = assert.rejects(setup.service.list(signal), { code: 'permission_denied' })
    ;(await setup.next()).answer(403, refusal(7, 'etcdserver: permission denied'))
    await refused
  })

  it('bounds how much it keeps', async () => {
    await using setup = await Setup.open()
    const many = Array.from({ length: 25_000 }, (_, at) => pair(`/services/x/${at}`, 'h:1'))
    const failing = assert.rejects(setup.service.list(signal), { code: 'resource_exhausted' })
    for (let page = 0; page < 4; page++) (await setup.next()).answer(200, listed(5, many, true))
    await failing
  })
})
