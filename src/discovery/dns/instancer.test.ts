import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Reply, type ScriptedDns, scriptedDns, type ZoneRecord } from '../../../test/platform/scripted-dns.ts'
import { eventually } from '../../testing/eventually.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { type DnsInstancerOptions, dnsInstancer, type Instancer } from './instancer.ts'

const name = '_http._tcp.addsvc.example'

interface Setup extends AsyncDisposable {
  readonly instancer: Instancer
  readonly clock: ManualClock
  /** Resolves when a lookup has come to this: addresses in order, or the failure. */
  comesTo(expected: string | RegExp): Promise<void>
}

function setup(server: ScriptedDns, options: Partial<DnsInstancerOptions> = {}): Setup {
  const clock = manualClock()
  const instancer = dnsInstancer({ name, servers: [server.address], clock, tries: 1, ...options })
  instancer.subscribe(() => {})
  return {
    instancer,
    clock,
    comesTo: async (expected) => {
      await eventually(() => {
        const { instances, error } = instancer.current
        if (expected instanceof RegExp) assert.match(error?.message ?? 'no error', expected)
        else assert.equal(instances?.map(({ address }) => address).join(' '), expected)
        // Between lookups nothing but the next one is pending.
        return expected instanceof RegExp || clock.pending === 1
      })
    },
    [Symbol.asyncDispose]: () => instancer[Symbol.asyncDispose](),
  }
}

const service = (n: number, seconds = 5): ZoneRecord => [name, seconds, 'SRV', 0, 0, 80, `h${n}.example`]
const host = (n: number, seconds = 60): ZoneRecord => [`h${n}.example`, seconds, 'A', `10.0.0.${n}`]
const services = (...numbers: number[]): Reply => ({
  answers: numbers.map((n) => service(n)),
  additional: numbers.map((n) => host(n)),
})

describe('dnsInstancer', () => {
  it('finds the instances of SRV records', async () => {
    await using server = await scriptedDns(() => services(2, 1))
    await using one = setup(server)
    await one.comesTo('10.0.0.1:80 10.0.0.2:80')
    assert.deepEqual(one.instancer.current.instances?.[0], {
      id: 'h1.example:80/10.0.0.1',
      address: '10.0.0.1:80',
      priority: 0,
      weight: 1,
      metadata: { target: 'h1.example' },
    })
    assert.equal(one.instancer.name, `${name} (SRV) in DNS at ${server.address}`)
  })

  it('finds the instances of A and AAAA records at the port that it was told', async () => {
    await using server = await scriptedDns(({ type }) => ({
      answers: type === 'A' ? [[name, 5, 'A', '10.0.0.1']] : [[name, 5, 'AAAA', '1:2:3:4:5:6:7:8']],
    }))
    await using a = setup(server, { port: 8080 })
    await a.comesTo('10.0.0.1:8080')
    await using aaaa = setup(server, { port: 8080, type: 'AAAA' })
    await aaaa.comesTo('[1:2:3:4:5:6:7:8]:8080')
  })

  it('takes an address for what it is, and asks nobody', async () => {
    await using server = await scriptedDns()
    for (const [literal, address] of [
      ['10.0.0.1', '10.0.0.1:80'],
      ['::1', '[::1]:80'],
      ['[::1]', '[::1]:80'],
    ] as const) {
      await using instancer = dnsInstancer({ name: literal, port: 80, servers: [server.address] })
      using _subscription = instancer.subscribe(() => {})
      await eventually(() => instancer.current.instances?.[0]?.address === address)
      assert.equal(instancer.name, `the address ${address}`)
    }
    assert.equal(server.asked.length, 0)
  })

  it('looks again when the shortest-lived of all records may no longer be kept', async () => {
    await using server = await scriptedDns(() => ({
      answers: [service(1, 20), service(2, 15)],
      additional: [host(1, 7), host(2)],
    }))
    await using one = setup(server)
    await one.comesTo('10.0.0.1:80 10.0.0.2:80')
    server.script = () => services(2)
    await one.clock.advance(6_999)
    assert.equal(server.asked.length, 1)
    await one.clock.advance(1)
    await one.comesTo('10.0.0.2:80')
  })

  it('looks again no sooner and no later than it was told', async () => {
    for (const [seconds, lookedAgainAtMs] of [
      [0, 2_000],
      [3_600, 9_000],
    ] as const) {
      await using server = await scriptedDns(() => ({ answers: [service(1, seconds)], additional: [host(1, seconds)] }))
      await using one = setup(server, { minTtlMs: 2_000, maxTtlMs: 9_000 })
      await one.comesTo('10.0.0.1:80')
      assert.equal(one.clock.nextAt, lookedAgainAtMs)
    }
  })

  it('knows that there are none when the name does not exist, and asks when that may have changed', async () => {
    await using server = await scriptedDns(() => services(1))
    await using one = setup(server)
    await one.comesTo('10.0.0.1:80')
    server.script = () => ({ code: 3, authority: [['example', 60, 'SOA', 12]] })
    await one.clock.advance(5_000)
    await one.comesTo('')
    assert.equal(one.clock.nextAt, 17_000)
    server.script = () => services(1)
    await one.clock.advance(12_000)
    await one.comesTo('10.0.0.1:80')
  })

  it('knows that there are none when a record says so', async () => {
    const left: string[] = []
    await using server = await scriptedDns(() => ({ answers: [[name, 5, 'SRV', 0, 0, 0, '.']] }))
    await using one = setup(server, { onLeftOut: ({ reason }) => left.push(reason) })
    await one.comesTo('')
    assert.deepEqual(left, [])
  })

  for (const [what, reply] of [
    ['fails', { code: 2 }],
    ['refuses', { code: 5 }],
    ['only refers to others', { isAuthoritative: false, authority: [['example', 60, 'NS', 'ns.example']] }],
  ] as const)
    it(`keeps what it knows while the server ${what}`, async () => {
      await using server = await scriptedDns(() => services(1))
      await using one = setup(server)
      await one.comesTo('10.0.0.1:80')
      server.script = () => reply
      await one.clock.advance(5_000)
      await one.comesTo(/SERVFAIL|REFUSED|only refers/)
      assert.equal(one.instancer.current.instances?.length, 1)
      server.script = () => services(1, 2)
      await one.clock.advance(2_000)
      await one.comesTo('10.0.0.1:80 10.0.0.2:80')
      assert.equal(one.instancer.current.error, undefined)
    })

  it('leaves a record with port 0 out, tells that once, and takes the others', async () => {
    const left: unknown[] = []
    const answer: Reply = {
      answers: [service(1), [name, 5, 'SRV', 0, 0, 0, 'h2.example']],
      additional: [host(1), host(2)],
    }
    await using server = await scriptedDns(() => answer)
    await using one = setup(server, { onLeftOut: (event) => left.push(event) })
    await one.comesTo('10.0.0.1:80')
    await one.clock.advance(5_000)
    const { seenAt = 0 } = one.instancer.current
    await eventually(() => one.instancer.current.seenAt !== undefined && one.instancer.current.seenAt > seenAt)
    assert.deepEqual(left, [{ name, target: 'h2.example', port: 0, reason: 'its port is 0' }])
  })

  it('asks for targets whose addresses did not come along, and takes those that it can learn', async () => {
    const left: string[] = []
    await using server = await scriptedDns(({ name: asked }) =>
      asked === name
        ? { answers: [service(1), service(2)], additional: [host(1)] }
        : asked === 'h2.example' && server.asked.length < 3
          ? { code: 2 }
          : { answers: [host(2)] },
    )
    await using one = setup(server, { onLeftOut: ({ reason }) => left.push(reason) })
    await one.comesTo('10.0.0.1:80')
    assert.equal(left.length, 1)
    assert.match(left[0] ?? '', /h2\.example A: .* SERVFAIL/)
    await one.clock.advance(5_000)
    await one.comesTo('10.0.0.1:80 10.0.0.2:80')
  })

  it('fails when nobody knows where any target is, and keeps what it knows', async () => {
    await using server = await scriptedDns(() => services(1))
    await using one = setup(server)
    await one.comesTo('10.0.0.1:80')
    server.script = ({ name: asked }) => (asked === name ? { answers: [service(3)] } : { code: 2 })
    await one.clock.advance(5_000)
    await one.comesTo(/h3\.example A: .* SERVFAIL/)
    assert.equal(one.instancer.current.instances?.[0]?.address, '10.0.0.1:80')
  })

  it('finds as many as a message can hold, whose targets are all asked for', async () => {
    const many = Array.from({ length: 1_800 }, (_, at) => at)
    const target = (at: number) => `h${at}.example`
    await using server = await scriptedDns(({ name: asked }) =>
      asked === name
        ? { answers: many.map((at) => [name, 60, 'SRV', 0, 0, 80, target(at)] as const) }
        : {
            answers: [[asked, 60, 'A', `10.1.${Number(asked.slice(1, -8)) >> 8}.${Number(asked.slice(1, -8)) & 255}`]],
          },
    )
    await using one = setup(server)
    await eventually(() => one.instancer.current.instances?.length === many.length, 20_000)
    assert.equal(server.asked.length, many.length + 2)
  })

  it('asks the servers of the system where it is told none', async () => {
    await using instancer = dnsInstancer({ name })
    assert.equal(instancer.name, `${name} (SRV) in DNS`)
  })

  const mistakes: [string, Partial<DnsInstancerOptions>, RegExp][] = [
    ['no name', { name: undefined as never }, /name must be a domain name/],
    ['a name with an empty label', { name: 'a..b' }, /name must be a domain name/],
    ['a type that there is not', { type: 'MX' as never }, /type must be one of SRV, A, AAAA, but is "MX"/],
    ['a port for SRV records', { type: 'SRV', port: 80 }, /port is for A and AAAA records/],
    ['no port for A records', { type: 'A' }, /port must be given/],
    ['no port for an address', { name: '10.0.0.1' }, /port must be given/],
    ['port 0', { port: 0 }, /port must be an integer from 1 to 65535/],
    ['a host as a server', { servers: ['localhost:53'] }, /servers must be IP addresses/],
    ['one server', { servers: '10.0.0.1' as never }, /servers must be a list/],
    ['no servers', { servers: [] }, /servers must not be empty/],
    ['a protocol that there is not', { protocol: 'tls' as never }, /protocol must be one of udp, tcp/],
    ['a kind of address that there is not', { prefer: 'ipv4' as never }, /prefer must be one of A, AAAA/],
    ['no time', { timeoutMs: 0 }, /timeoutMs must be/],
    ['no tries', { tries: 0 }, /tries must be/],
    ['no time between lookups', { minTtlMs: 0 }, /minTtlMs must be/],
    ['a maximum below the minimum', { minTtlMs: 5_000, maxTtlMs: 4_000 }, /maxTtlMs must be a number from 5000/],
    ['a back-off that makes no sense', { backoff: { initialMs: -1 } }, /initialMs must be/],
  ]
  for (const [what, options, message] of mistakes)
    it(`refuses ${what}`, () => {
      assert.throws(() => dnsInstancer({ name, ...options }), message)
    })
})
