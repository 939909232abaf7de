// Proves instancers of DNS with BIND, whose zone changes while they look: what comes, goes and is refused, aliases, long answers, and crashes.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'
import { type DnsInstancerOptions, dnsInstancer, type Instancer } from '../../src/discovery/dns/instancer.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import { type InstancerHarness, instancerCases, type OpenRegistry } from '../../src/testing/conformance/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { listingOf, seenInDns } from '../platform/dns-registry.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { bind9 } from '../servers/bind9/bind9.ts'
import { type Updatable, update } from '../servers/bind9/update.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

const limitMs = 30_000
const timeout = { timeout: 120_000 }
/** What is under test looks this often at most, as all records live shorter. */
const minTtlMs = 20

const shared = (): Updatable => ({
  url: addressOf('bind9'),
  nsupdate: addressOf('bind9', 'nsupdate'),
  libraries: addressOf('bind9', 'libraries'),
})
const updatable = ({ addresses }: OwnServer): Updatable => addresses as unknown as Updatable

let names = 0
/** A name that nobody else uses, also of an earlier run: a server may outlive it. */
const ownName = () => `s${process.pid}-${++names}.example`

const addressesOf = ({ current }: Instancer) => current.instances?.map(({ address }) => address).join(' ')

/** Subscribes, and gives what waits until the instancer knows these addresses. */
function follow(options: DnsInstancerOptions): {
  readonly instancer: Instancer
  readonly comesTo: (addresses: string) => Promise<unknown>
} & AsyncDisposable {
  const instancer = dnsInstancer({ servers: [shared().url], minTtlMs, backoff: { initialMs: 50 }, ...options })
  instancer.subscribe(() => {})
  return {
    instancer,
    comesTo: (addresses) =>
      eventually(() => {
        assert.equal(addressesOf(instancer), addresses)
        assert.equal(instancer.current.error, undefined)
      }, limitMs),
    [Symbol.asyncDispose]: () => instancer[Symbol.asyncDispose](),
  }
}

describe('an instancer of DNS, with BIND', skipUnless('bind9'), () => {
  it('sees instances appear, change and vanish', timeout, async () => {
    const name = ownName()
    const service = `_http._tcp.${name}`
    await using one = follow({ name: `${service}.` })
    await one.comesTo('')
    await update(shared(), [
      `add ${service}. 0 SRV 1 10 8080 a.${name}.`,
      `add a.${name}. 0 A 10.0.0.1`,
      `add ${service}. 0 SRV 2 0 8081 b.${name}.`,
      `add b.${name}. 0 AAAA 2001:db8::1`,
    ])
    await one.comesTo('10.0.0.1:8080 [2001:db8::1]:8081')
    assert.deepEqual(
      one.instancer.current.instances?.map(({ priority, weight, metadata }) => [
        priority,
        weight,
        metadata?.['target'],
      ]),
      [
        [1, 10, `a.${name}`],
        [2, 1, `b.${name}`],
      ],
    )
    await update(shared(), [`delete a.${name}. A`, `add a.${name}. 0 A 10.0.0.9`])
    await one.comesTo('10.0.0.9:8080 [2001:db8::1]:8081')
    await update(shared(), [`delete ${service}. SRV 2 0 8081 b.${name}.`])
    await one.comesTo('10.0.0.9:8080')
    await update(shared(), [`delete ${service}. SRV`])
    await one.comesTo('')
  })

  it('leaves out what cannot be called, and says why', timeout, async () => {
    const name = ownName()
    const left: string[] = []
    await update(shared(), [
      `add ${name}. 0 SRV 0 0 80 a.${name}.`,
      `add ${name}. 0 SRV 0 0 0 a.${name}.`,
      `add ${name}. 0 SRV 0 0 80 nowhere.${name}.`,
      `add a.${name}. 0 A 10.0.0.1`,
    ])
    await using one = follow({ name, onLeftOut: ({ reason }) => left.push(reason) })
    await one.comesTo('10.0.0.1:80')
    assert.deepEqual(left.toSorted(), ['its port is 0', 'its target has no address'])
    await update(shared(), [`delete ${name}. SRV`, `add ${name}. 0 SRV 0 0 0 .`])
    await one.comesTo('')
  })

  it('finds addresses behind an alias', timeout, async () => {
    const name = ownName()
    await update(shared(), [
      `add ${name}. 0 CNAME real.${name}.`,
      `add real.${name}. 0 A 10.0.0.1`,
      `add real.${name}. 0 A 10.0.0.2`,
      `add real.${name}. 0 AAAA 2001:db8::1`,
    ])
    await using a = follow({ name, port: 80 })
    await a.comesTo('10.0.0.1:80 10.0.0.2:80')
    await using aaaa = follow({ name, port: 80, type: 'AAAA', protocol: 'tcp' })
    await aaaa.comesTo('[2001:db8::1]:80')
  })

  it('takes a refusal for a failure, and a name that does not exist for knowledge', timeout, async () => {
    await using refused = follow({ name: 'addsvc.service.consul' })
    await eventually(() => assert.match(refused.instancer.current.error?.message ?? '', /REFUSED/), limitMs)
    assert.equal(refused.instancer.current.instances, undefined)
    await using none = follow({ name: ownName(), port: 80 })
    await none.comesTo('')
  })

  it('finds as many as an answer can hold, and what node:dns finds', timeout, async () => {
    const name = ownName()
    const many = Array.from({ length: 4_000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`)
    // No update is longer than a message.
    for (let at = 0; at < many.length; at += 1_000)
      await update(
        shared(),
        many.slice(at, at + 1_000).map((address) => `add ${name}. 0 A ${address}`),
      )
    await using one = follow({ name, port: 80 })
    await eventually(() => one.instancer.current.instances?.length === many.length, limitMs)
    const resolver = new Resolver()
    resolver.setServers([shared().url])
    const expected = (await resolver.resolve4(name)).map((address) => `${address}:80`)
    assert.deepEqual(new Set(addressesOf(one.instancer)?.split(' ')), new Set(expected))
  })

  it('holds no process', timeout, async () => {
    const path = fileURLToPath(import.meta.resolve('../../src/discovery/dns/instancer.ts'))
    const program = `
      import { dnsInstancer } from ${JSON.stringify(path)}
      const instancer = dnsInstancer({ name: 'ns.example', port: 80, servers: [${JSON.stringify(shared().url)}] })
      instancer.subscribe(({ instances }) => console.log(JSON.stringify(instances)))
      await new Promise((resolve) => setTimeout(resolve, 200))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
    assert.equal(stdout, '[{"id":"127.0.0.1:80","address":"127.0.0.1:80"}]\n')
  })

  it('keeps what it knows while BIND is dead, asks another one where there is one, and goes on', timeout, async () => {
    await using server = await ownServer(bind9)
    await using other = await ownServer(bind9)
    const name = ownName()
    const [first, second] = [updatable(server), updatable(other)]
    await update(first, [`add ${name}. 0 A 10.0.0.1`])
    await using alone = follow({ name, port: 80, servers: [first.url] })
    await using both = follow({ name, port: 80, servers: [first.url, second.url] })
    await Promise.all([alone.comesTo('10.0.0.1:80'), both.comesTo('10.0.0.1:80')])
    await update(second, [`add ${name}. 0 A 10.0.0.2`])
    await server.crash()
    await both.comesTo('10.0.0.2:80')
    await eventually(() => alone.instancer.current.error !== undefined, limitMs)
    assert.equal(addressesOf(alone.instancer), '10.0.0.1:80')
    await server.restart()
    await alone.comesTo('10.0.0.1:80')
    await update(first, [`add ${name}. 0 A 10.0.0.3`])
    await alone.comesTo('10.0.0.1:80 10.0.0.3:80')
  })
})

describe('the conformance suite of instancers, with BIND', skipUnless('bind9'), () => {
  let server: OwnServer
  before(async () => {
    server = await ownServer(bind9)
  })
  after(() => server?.[Symbol.asyncDispose]())

  const harness: InstancerHarness = {
    without: ['zone', 'tags'],
    seen: seenInDns,
    // One update has to hold them all, old and new: they change at once.
    most: 400,
    outageMs: 2_000,
    async open(): Promise<OpenRegistry> {
      const name = ownName()
      if (!server.isUp) await server.restart()
      let listed: readonly Instance[] = []
      let later: readonly Instance[] | undefined
      const set = async (instances: readonly Instance[]) => {
        const [before, now] = [listed, instances].map((each) => each.map(listingOf))
        const targets = new Set(before?.map(({ target }) => target))
        await update(updatable(server), [
          `delete ${name}. SRV`,
          ...Array.from(targets, (target) => `delete ${target}.`),
          ...(now ?? []).flatMap(({ target, priority, weight, port, host, type }) => [
            `add ${name}. 0 SRV ${priority} ${weight} ${port} ${target}.`,
            `add ${target}. 0 ${type} ${host}`,
          ]),
        ])
        listed = instances
      }
      return {
        clock: systemClock,
        limitMs,
        pass: (ms) => systemClock.sleep(ms),
        instancer: (options) =>
          dnsInstancer({ ...options, name, servers: [updatable(server).url], minTtlMs, tries: 1, timeoutMs: 5_000 }),
        set: async (instances) => {
          if (server.isUp) await set(instances)
          else later = instances
        },
        stop: () => server.crash(),
        start: async () => {
          await server.restart()
          if (later !== undefined) await set(later)
          later = undefined
        },
        [Symbol.asyncDispose]: async () => {
          if (!server.isUp) await server.restart()
          await set([])
        },
      }
    },
  }
  for (const { name, run } of instancerCases) it(name, timeout, (test) => run(harness, test))
})
