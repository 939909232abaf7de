import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Asked, type Reply, type ScriptedDns, scriptedDns } from '../../../test/platform/scripted-dns.ts'
import { eventually } from '../../testing/eventually.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { dnsServer } from './dns-server.ts'
import { DnsResolver } from './resolver.ts'
import type { ResourceRecord } from './resource-record.ts'
import { type AddressType, TargetAddresses } from './target-addresses.ts'

const { signal } = new AbortController()

function setup(server: ScriptedDns, prefer: AddressType = 'A'): { clock: ManualClock; targets: TargetAddresses } {
  const clock = manualClock()
  const servers = () => [dnsServer(server.address)]
  const resolver = new DnsResolver({ servers, protocol: 'udp', timeoutMs: 1_000, tries: 1, clock })
  return { clock, targets: new TargetAddresses({ resolver, prefer, clock }) }
}

const questions = (server: ScriptedDns) => server.asked.map(({ name, type }) => `${name} ${type}`)
const a = (name: string, address: string, ttlMs = 5_000): ResourceRecord => ({ type: 'A', name, address, ttlMs })
const bothKinds = ({ name, type }: Asked): Reply => ({
  answers: type === 'A' ? [[name, 5, 'A', '10.0.0.1']] : [[name, 5, 'AAAA', '1:2:3:4:5:6:7:8']],
})

describe('TargetAddresses', () => {
  it('asks nobody where the answer brought the addresses', async () => {
    await using server = await scriptedDns()
    const { targets } = setup(server)
    const brought = [a('h', '10.0.0.1', 4_000), a('other', '6.6.6.6'), a('h', '10.0.0.2', 9_000), a('h', '10.0.0.1')]
    const found = await targets.resolve(new Set(['h']), brought, signal)
    assert.deepEqual([...found], [['h', { addresses: ['10.0.0.1', '10.0.0.2'], expiresAt: 4_000 }]])
    assert.equal(server.asked.length, 0)
  })

  it('asks no second time while an address may be kept', async () => {
    await using server = await scriptedDns(bothKinds)
    const { clock, targets } = setup(server)
    const first = await targets.resolve(new Set(['h']), [], signal)
    await clock.advance(4_999)
    assert.deepEqual(await targets.resolve(new Set(['h']), [], signal), first)
    assert.equal(server.asked.length, 1)
    await clock.advance(1)
    await targets.resolve(new Set(['h']), [], signal)
    assert.equal(server.asked.length, 2)
  })

  it('takes the kind that is preferred, and asks for no other', async () => {
    for (const [prefer, address] of [
      ['A', '10.0.0.1'],
      ['AAAA', '1:2:3:4:5:6:7:8'],
    ] as const) {
      await using server = await scriptedDns(bothKinds)
      const found = await setup(server, prefer).targets.resolve(new Set(['h']), [], signal)
      assert.deepEqual(found.get('h')?.addresses, [address])
      assert.deepEqual(questions(server), [`h ${prefer}`])
    }
  })

  it('takes the other kind where there is none of the preferred one', async () => {
    await using server = await scriptedDns((asked) =>
      asked.type === 'A' ? { authority: [['example', 3, 'SOA', 60]] } : bothKinds(asked),
    )
    const found = await setup(server).targets.resolve(new Set(['h']), [], signal)
    assert.deepEqual([...found], [['h', { addresses: ['1:2:3:4:5:6:7:8'], expiresAt: 3_000 }]])
  })

  it('knows addresses, localhost and what is no name by itself', async () => {
    await using server = await scriptedDns()
    const found = await setup(server).targets.resolve(new Set(['10.0.0.9', 'localhost', 'a\\046b']), [], signal)
    assert.deepEqual(Array.from(found.values(), ({ addresses }) => addresses.join()).toSorted(), [
      '',
      '10.0.0.9',
      '127.0.0.1',
    ])
    assert.match(found.get('a\\046b')?.trouble ?? '', /not the name of a host/)
    assert.equal(server.asked.length, 0)
  })

  it('tells a target without an address from one that nobody knows', async () => {
    await using server = await scriptedDns(({ name }) => (name === 'none' ? { code: 3 } : { code: 2 }))
    const found = await setup(server).targets.resolve(new Set(['none', 'bad']), [], signal)
    assert.deepEqual(
      [found.get('none')?.isFailure, found.get('none')?.trouble],
      [undefined, 'its target has no address'],
    )
    assert.equal(found.get('bad')?.isFailure, true)
    assert.match(found.get('bad')?.trouble ?? '', /SERVFAIL/)
  })

  it('keeps the addresses of a target that nobody knows any more, and asks for it again later', async () => {
    await using server = await scriptedDns(bothKinds)
    const { clock, targets } = setup(server)
    await targets.resolve(new Set(['h', 'good']), [], signal)
    await clock.advance(5_000)
    server.script = (asked) => (asked.name === 'h' ? { code: 2 } : bothKinds(asked))
    for (const _ of [1, 2]) {
      const kept = await targets.resolve(new Set(['h', 'good']), [], signal)
      assert.deepEqual([kept.get('h')?.addresses, kept.get('h')?.expiresAt], [['10.0.0.1'], 10_000])
    }
    assert.equal(server.asked.filter(({ name }) => name === 'h').length, 2)
    await clock.advance(5_000)
    server.script = bothKinds
    assert.equal((await targets.resolve(new Set(['h', 'good']), [], signal)).get('h')?.isFailure, undefined)
  })

  it('asks for all of them again where nobody knew any', async () => {
    await using server = await scriptedDns(() => ({ code: 2 }))
    const { targets } = setup(server)
    await targets.resolve(new Set(['h']), [], signal)
    server.script = bothKinds
    assert.deepEqual((await targets.resolve(new Set(['h']), [], signal)).get('h')?.addresses, ['10.0.0.1'])
  })

  it('asks for a few at a time', async () => {
    let [now, most] = [0, 0]
    await using server = await scriptedDns(async (asked) => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now--
      return bothKinds(asked)
    })
    const names = new Set(Array.from({ length: 100 }, (_, at) => `h${at}`))
    const found = await setup(server).targets.resolve(names, [], signal)
    assert.equal(found.size, 100)
    assert.equal(server.asked.length, 100)
    assert.ok(most > 1 && most <= 16, `${most} at a time`)
  })

  it('asks for no more when nobody knows any, but takes what came along', async () => {
    await using server = await scriptedDns(() => ({ code: 2 }))
    const names = new Set([...Array.from({ length: 1_000 }, (_, at) => `h${at}`), 'brought'])
    const found = await setup(server).targets.resolve(names, [a('brought', '10.0.0.1')], signal)
    assert.equal(found.size, 1_001)
    assert.ok(server.asked.length < 100, `${server.asked.length} questions`)
    assert.deepEqual(found.get('brought')?.addresses, ['10.0.0.1'])
    assert.match(found.get('h999')?.trouble ?? '', /32 targets in a row could not be resolved/)
  })

  it('ends with the signal', async () => {
    await using server = await scriptedDns()
    const { clock, targets } = setup(server)
    const stopping = new AbortController()
    const found = targets.resolve(new Set(['h', 'i']), [], stopping.signal)
    const refused = assert.rejects(found, /enough/)
    await eventually(() => server.asked.length === 2)
    stopping.abort(new Error('enough'))
    await refused
    assert.equal(clock.pending, 0)
  })
})
