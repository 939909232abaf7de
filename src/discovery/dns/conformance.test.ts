// Proves that instancers of DNS are what all instancers are, by both protocols, with a server on loopback and a clock that stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Lateness, listingOf, seenInDns, serviceName, turns } from '../../../test/platform/dns-registry.ts'
import {
  type Asked,
  encodeReply,
  type Reply,
  scriptedDns,
  type ZoneRecord,
} from '../../../test/platform/scripted-dns.ts'
import { type InstancerHarness, instancerCases, type OpenRegistry } from '../../testing/conformance/instancer.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { dnsInstancer } from './instancer.ts'

function replyTo({ name, type }: Asked, instances: readonly Instance[]): Reply {
  const listings = instances.map(listingOf)
  const negative: Reply = { code: name === serviceName ? 3 : 0, authority: [['example', 0, 'SOA', 0]] }
  const hosts = listings.map(
    ({ target, type, host }): ZoneRecord => [target, 0, type, host.replace('::', ':0:0:0:0:0:')],
  )
  if (name !== serviceName) {
    const answers = hosts.filter(([target, , kind]) => target === name && kind === type)
    return answers.length === 0 ? negative : { answers }
  }
  if (listings.length === 0) return negative
  const answers = listings.map(
    ({ target, priority, weight, port }): ZoneRecord => [serviceName, 0, 'SRV', priority, weight, port, target],
  )
  return { answers, additional: hosts }
}

const harnessOf = (protocol: 'udp' | 'tcp'): InstancerHarness => ({
  seen: seenInDns,
  // More do not fit into a message, together with their addresses.
  most: 800,
  async open(): Promise<OpenRegistry> {
    const clock = manualClock()
    const late = new Lateness(clock)
    let list: readonly Instance[] = []
    let isGarbled = false
    const server = await scriptedDns(async (asked) => {
      const reply = encodeReply(asked, replyTo(asked, list))
      await late.wait()
      if (isGarbled) return reply.subarray(0, 40)
      return replyTo(asked, list)
    })
    return {
      clock,
      pass: async (ms) => {
        await clock.advance(ms)
        await turns(6)
      },
      instancer: (options) =>
        dnsInstancer({
          ...options,
          name: serviceName,
          servers: [server.address],
          protocol,
          tries: 1,
          timeoutMs: 2_000,
          minTtlMs: 20,
        }),
      set: async (instances) => {
        list = instances
      },
      stop: () => server.stop(),
      start: () => server.start(),
      delay: async (ms) => {
        late.ms = ms
      },
      garble: async (garbled) => {
        isGarbled = garbled
      },
      attempts: () => server.asked.filter((asked) => asked.name === serviceName && asked.protocol === protocol).length,
      held: () => server.connections + clock.pending - late.waiting,
      [Symbol.asyncDispose]: () => server.stop(),
    }
  },
})

for (const protocol of ['udp', 'tcp'] as const)
  describe(`an instancer of DNS, by ${protocol}`, () => {
    for (const { name, run } of instancerCases) it(name, { timeout: 30_000 }, (test) => run(harnessOf(protocol), test))
  })

describe('the registry of this suite', () => {
  it('lists an instance by the name of its target', () => {
    const listing = listingOf({ id: 'orders-1', address: '[::1]:80', weight: 3 })
    assert.deepEqual(listing, {
      target: 'iorders-1.example',
      priority: 0,
      weight: 3,
      port: 80,
      host: '::1',
      type: 'AAAA',
    })
  })
})
