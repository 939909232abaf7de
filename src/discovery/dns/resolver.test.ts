import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Reply, type ScriptedDns, scriptedDns, type ZoneRecord } from '../../../test/platform/scripted-dns.ts'
import { freePorts } from '../../../test/servers/free-ports.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { dnsServer } from './dns-server.ts'
import { DnsResolver, type Resolution, type ResolverOptions } from './resolver.ts'

const { signal } = new AbortController()

function resolverOf(servers: readonly ScriptedDns[], more: Partial<ResolverOptions> = {}): DnsResolver {
  const known = servers.map(({ address }) => dnsServer(address))
  return new DnsResolver({
    servers: () => known,
    protocol: 'udp',
    timeoutMs: 1_000,
    tries: 2,
    clock: manualClock(),
    ...more,
  })
}

const addresses = ({ records }: Resolution<'A'>) => records.map(({ address }) => address)
const one: Reply = { answers: [['x', 7, 'A', '10.0.0.1']] }
const soa = (seconds: number, minimum: number): ZoneRecord => ['example', seconds, 'SOA', minimum]

/** What a server that replies like this is understood to say of `x`. */
async function resolved(reply: Reply): Promise<Resolution<'A'>> {
  await using server = await scriptedDns(() => reply)
  return await resolverOf([server], { tries: 1 }).resolve('x', 'A', signal)
}

describe('DnsResolver', () => {
  it('gives the records of the name and type that was asked for, and the shortest life among them', async () => {
    const found = await resolved({
      answers: [
        ['x', 7, 'A', '10.0.0.1'],
        ['y', 1, 'A', '6.6.6.6'],
        ['x', 5, 'A', '10.0.0.2'],
        ['x', 2, 'TXT', 'no'],
      ],
    })
    assert.deepEqual(addresses(found), ['10.0.0.1', '10.0.0.2'])
    assert.equal(found.ttlMs, 5_000)
  })

  it('follows aliases within an answer, as long as the shortest-lived of them lives', async () => {
    const found = await resolved({
      answers: [
        ['x', 60, 'CNAME', 'y'],
        ['y', 3, 'CNAME', 'z'],
        ['z', 60, 'A', '10.0.0.1'],
      ],
    })
    assert.deepEqual([addresses(found), found.ttlMs], [['10.0.0.1'], 3_000])
  })

  it('does not ask on where an alias leads to what is no name', async () => {
    for (const target of ['.', '\\001.example']) {
      await using server = await scriptedDns(() => ({ answers: [['x', 60, 'CNAME', target]] }))
      const found = resolverOf([server], { tries: 1 }).resolve('x', 'A', signal)
      await assert.rejects(found, /x A: an alias leads to what is no name of a host/)
      assert.equal(server.asked.length, 1)
    }
  })

  it('asks on where an alias leads out of the answer', async () => {
    await using server = await scriptedDns(({ name }) =>
      name === 'x' ? { answers: [['x', 4, 'CNAME', 'y']] } : { answers: [['y', 9, 'A', '10.0.0.1']] },
    )
    const found = await resolverOf([server]).resolve('x', 'A', signal)
    assert.deepEqual([addresses(found), found.ttlMs], [['10.0.0.1'], 4_000])
    assert.deepEqual(
      server.asked.map(({ name }) => name),
      ['x', 'y'],
    )
  })

  it('ends aliases that lead in circles, within an answer and across answers', async () => {
    const circle: Reply = {
      answers: [
        ['x', 4, 'CNAME', 'y'],
        ['y', 4, 'CNAME', 'x'],
      ],
    }
    await assert.rejects(resolved(circle), /an alias leads to an alias 8 times/)
    await using server = await scriptedDns(({ name }) => ({ answers: [[name, 4, 'CNAME', `${name}x`]] }))
    await assert.rejects(resolverOf([server]).resolve('x', 'A', signal), /an alias leads to an alias 8 times/)
    assert.equal(server.asked.length, 8)
  })

  const negative: [string, Reply, number][] = [
    ['a name that does not exist', { code: 3, authority: [soa(60, 9)] }, 9_000],
    ['a name without such records', { authority: [soa(4, 9)] }, 4_000],
    [
      'an alias of a name that does not exist',
      { code: 3, answers: [['x', 2, 'CNAME', 'y']], authority: [soa(60, 9)] },
      2_000,
    ],
    ['an alias of a name without such records', { answers: [['x', 60, 'CNAME', 'y']], authority: [soa(60, 9)] }, 9_000],
    ['a name that does not exist, and nothing about how long that holds', { code: 3 }, 0],
    ['a name without such records, and nothing about how long that holds', {}, 0],
    ['a name without such records, by a server that asks others', { isAuthoritative: false }, 0],
  ]
  for (const [what, reply, ttlMs] of negative)
    it(`knows that there is nothing: ${what}`, async () => {
      const found = await resolved(reply)
      assert.deepEqual([found.records, found.ttlMs], [[], ttlMs])
    })

  const failures: [string, Reply, RegExp][] = [
    ['a server that fails', { code: 2 }, /x A: 127\.0\.0\.1:\d+: SERVFAIL$/],
    ['one that refuses', { code: 5 }, /REFUSED/],
    ['one that does not understand', { code: 1 }, /FORMERR/],
    ['a code that nobody knows', { code: 9 }, /it answered with code 9/],
    ['a code of which half is in an OPT record', { codeBits: 1 }, /it answered with code 16/],
    [
      'a referral',
      { isAuthoritative: false, authority: [['example', 60, 'NS', 'ns.example']] },
      /only refers to other/,
    ],
  ]
  for (const [what, reply, reason] of failures)
    it(`takes no failure for knowledge: ${what}`, async () => {
      await assert.rejects(resolved(reply), reason)
    })

  it('asks the next server when one fails, and the one that answered first from then on', async () => {
    await using bad = await scriptedDns(() => ({ code: 2 }))
    await using good = await scriptedDns(() => one)
    const resolver = resolverOf([bad, good])
    await resolver.resolve('x', 'A', signal)
    await resolver.resolve('x', 'A', signal)
    assert.deepEqual([bad.asked.length, good.asked.length], [1, 2])
    good.script = () => ({ code: 2 })
    bad.script = () => one
    await resolver.resolve('x', 'A', signal)
    await resolver.resolve('x', 'A', signal)
    assert.deepEqual([bad.asked.length, good.asked.length], [3, 3])
  })

  it('asks the next server at once when nobody listens', async () => {
    const { dns } = await freePorts(['dns'])
    await using good = await scriptedDns(() => one)
    const servers = () => [dnsServer(`127.0.0.1:${dns}`), dnsServer(good.address)]
    assert.deepEqual(addresses(await resolverOf([], { servers }).resolve('x', 'A', signal)), ['10.0.0.1'])
  })

  it('asks each server as often as it was told, and says what each of them did', async () => {
    const clock = manualClock()
    await using silent = await scriptedDns()
    await using bad = await scriptedDns(() => ({ code: 5 }))
    const found = resolverOf([silent, bad], { clock, tries: 3 }).resolve('x', 'A', signal)
    const refused = assert.rejects(
      found,
      new RegExp(`^Error: x A: ${silent.address}: no answer within 1s; ${bad.address}: REFUSED$`),
    )
    for (let round = 1; round <= 3; round++) {
      await eventually(() => silent.asked.length === round)
      await clock.advance(1_000)
    }
    await refused
    assert.deepEqual([silent.asked.length, bad.asked.length], [3, 3])
    assert.equal(clock.pending, 0)
  })

  it('asks by TCP what does not fit into a datagram', async () => {
    const many = Array.from({ length: 4_000 }, (_, at): ZoneRecord => ['x', 1, 'A', `10.0.${at >> 8}.${at & 255}`])
    await using server = await scriptedDns(() => ({ answers: many }))
    const found = await resolverOf([server]).resolve('x', 'A', signal)
    assert.equal(new Set(addresses(found)).size, 4_000)
    assert.deepEqual(
      server.asked.map(({ protocol }) => protocol),
      ['udp', 'tcp'],
    )
  })

  it('asks nothing by UDP where it was told so', async () => {
    await using server = await scriptedDns(() => one)
    await resolverOf([server], { protocol: 'tcp' }).resolve('x', 'A', signal)
    assert.deepEqual(
      server.asked.map(({ protocol }) => protocol),
      ['tcp'],
    )
  })

  it('takes what does not even fit into a message for a failure, and not for a part of the truth', async () => {
    await assert.rejects(resolved({ ...one, isTruncated: true }), /does not fit into a message/)
  })

  it('asks again without the extension whom that confuses', async () => {
    for (const code of [1, 4]) {
      await using server = await scriptedDns(({ isExtended }) => (isExtended ? { code } : one))
      assert.deepEqual(addresses(await resolverOf([server]).resolve('x', 'A', signal)), ['10.0.0.1'])
      assert.deepEqual(
        server.asked.map(({ isExtended }) => isExtended),
        [true, false],
      )
    }
  })

  it('ends with the signal, whatever is left to try', async () => {
    await using server = await scriptedDns()
    const stopping = new AbortController()
    const found = resolverOf([server], { tries: 9 }).resolve('x', 'A', stopping.signal)
    await eventually(() => server.asked.length === 1)
    stopping.abort(new Error('enough'))
    await assert.rejects(found, /enough/)
    assert.equal(server.asked.length, 1)
  })

  it('fails without a server', async () => {
    await assert.rejects(resolverOf([]).resolve('x', 'A', signal), /there is no DNS server to ask/)
  })
})
