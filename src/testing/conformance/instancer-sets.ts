// Conformance of an instancer: which instances it tells, and what of each.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { type Instance, instanceAt } from '../../discovery/instance.ts'
import { assertSeen, expectedOf, instanceOf, instancesOf } from './assert-seen.ts'
import { type InstancerCase, type InstancerHarness, type InstancerSetup, withInstancer } from './instancer-harness.ts'
import { LeftOut } from './left-out.ts'

const three = instancesOf(3)
const [one, two, last] = three as [Instance, Instance, Instance]

/** What is told of an instance whose registry carries everything. */
const described: readonly Instance[] = [
  { ...one, weight: 5 },
  { ...one, weight: 5, priority: 2 },
  { ...one, weight: 5, priority: 2, zone: 'eu-west-1a' },
  { ...one, weight: 5, priority: 2, zone: 'eu-west-1a', tags: ['blue', 'v2'] },
  {
    ...one,
    weight: 5,
    priority: 2,
    zone: 'eu-west-1a',
    tags: ['blue', 'v2'],
    metadata: { version: '2.1', build: 'a=b c' },
  },
  { ...one, weight: 0, priority: 0, zone: 'eu-west-1b', tags: ['v3'], metadata: { version: '3' } },
  one,
]

/** Looks up a service that has these instances. */
function knowsAtOnce(harness: InstancerHarness, instances: readonly Instance[]): Promise<void> {
  return withInstancer(harness, instances, async (setup) => {
    setup.subscribe()
    await setup.knows(instances)
  })
}

/** Sets one list after the other, and waits until each is known. */
async function follow(setup: InstancerSetup, ...lists: readonly (readonly Instance[])[]): Promise<void> {
  for (const [at, list] of lists.entries()) {
    await setup.registry.set(list)
    await setup.knows(list, `the instances of list ${at + 1}`)
  }
}

const addressIn = ({ address }: Instance) => address

/** What comes, goes and changes. */
export const instancerSetCases: readonly InstancerCase[] = [
  {
    name: 'tells which instances there are, in order',
    run: (harness) => knowsAtOnce(harness, three.toReversed()),
  },
  {
    name: 'tells who comes and who goes',
    run: (harness) =>
      withInstancer(harness, [two], async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows([two])
        await follow(setup, [two, one], three, [one, last], [last], three)
      }),
  },
  {
    name: 'tells where an instance is that has moved',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows(three)
        const moved = { ...two, address: instanceOf(20).address }
        await follow(setup, [one, moved, last], three)
      }),
  },
  {
    name: 'tells what the registry says of an instance',
    async run(harness) {
      for (const instance of described) await knowsAtOnce(harness, [instance, two])
    },
  },
  {
    name: 'tells when the registry says something else of an instance',
    run: (harness) =>
      withInstancer(harness, [one, two], async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows([one, two])
        await follow(setup, ...described.map((instance) => [instance, two]))
      }),
  },
  {
    name: 'tells processes of one host apart by their ports',
    async run(harness) {
      if (harness.without?.includes('ports')) throw new LeftOut('without ports')
      const list = [1, 8080, 8081, 65_535].map((port) => ({ id: `orders-at-${port}`, address: `10.0.0.1:${port}` }))
      await knowsAtOnce(harness, list)
    },
  },
  {
    name: 'tells IPv6 addresses in brackets',
    async run(harness) {
      if (!harness.without?.includes('ipv6')) await knowsAtOnce(harness, [one, instanceAt('[2001:db8::1]:8080')])
    },
  },
  {
    name: 'tells each instance once, however often the registry does',
    run: (harness) =>
      withInstancer(harness, [two, one, two, two, one], async (setup) => {
        setup.subscribe()
        await setup.knows([one, two])
      }),
  },
  {
    name: 'tells that the last instance is gone, or keeps it where a registry cannot say so',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows(three)
        if (setup.lacks('empty')) {
          await setup.registry.set([])
          await setup.registry.pass(1_000)
          assertSeen(setup.instancer.current.instances, three, harness)
        } else await follow(setup, [])
        await follow(setup, [last])
      }),
  },
  {
    name: 'tells that there are none from the beginning',
    run: (harness) =>
      withInstancer(harness, [], async (setup) => {
        if (setup.lacks('empty')) throw new LeftOut('without empty')
        setup.subscribe()
        await setup.knows([])
      }),
  },
  {
    name: 'comes to what holds in the end when instances come and go quickly',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows(three)
        for (const gapMs of [0, 1, 5, 20])
          for (const end of [[two, last], three]) {
            for (let turn = 0; turn < 8; turn++) {
              await setup.registry.set(turn % 2 === 0 ? [one, last] : three)
              await setup.registry.pass(gapMs)
            }
            await setup.registry.set(end)
            await setup.knows(end)
          }
        if (setup.lacks('atOnce')) return
        const moments = [three, [one, last], [two, last]].map((list) => expectedOf(list, harness))
        for (const { instances = [] } of setup.heard)
          assert.ok(
            moments.some((moment) => isDeepStrictEqual(moment.map(addressIn), instances.map(addressIn))),
            'what is told should have been true once',
          )
      }),
  },
  {
    name: 'takes the same instances in another order for no news',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        if (setup.lacks('changes')) throw new LeftOut('without changes')
        setup.subscribe()
        await setup.knows(three)
        const heard = setup.heard.length
        await setup.registry.set(three.toReversed())
        await setup.registry.pass(1_000)
        assert.equal(setup.heard.length, heard, 'nothing has changed, so nobody should be told')
        await follow(setup, [one])
        if (!setup.lacks('atOnce')) assert.equal(setup.heard.length, heard + 1)
      }),
  },
  {
    name: 'tells very many instances, and the few that change among them',
    async run(harness) {
      const { most = 10_000 } = harness
      const many = instancesOf(most)
      await withInstancer(harness, many, async (setup) => {
        setup.subscribe()
        await setup.knows(many)
        assert.equal(setup.heard.length, 1, 'they should arrive all at once')
        if (setup.lacks('changes')) return
        const changed = many.map((instance, at) => (at % 100 === 7 ? instanceOf(20_000 + at) : instance))
        await follow(setup, changed, many)
      })
    },
  },
]
