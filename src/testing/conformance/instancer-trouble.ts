// Conformance of an instancer: registries that are down, slow, or make no sense.
import assert from 'node:assert/strict'
import { assertSeen, instancesOf } from './assert-seen.ts'
import { triesNoMoreThanAllowed, until } from './harness-time.ts'
import { type InstancerCase, type InstancerSetup, withInstancer } from './instancer-harness.ts'
import { LeftOut } from './left-out.ts'

const three = instancesOf(3)
const others = instancesOf(4, 10)

/** Asserts that an outage, however many attempts fail during it, is told once, and that what was known stays. */
async function staysDown(setup: InstancerSetup): Promise<void> {
  await setup.fails()
  const [heard, failures, { instances, failingSince }] = [
    setup.heard.length,
    setup.failures.length,
    setup.instancer.current,
  ]
  await until(setup.registry, () => setup.failures.length > failures, 'it is tried again')
  assert.equal(setup.heard.length, heard, 'one outage should be told once')
  assert.equal(setup.instancer.current.instances, instances)
  assert.equal(setup.instancer.current.failingSince, failingSince)
}

/** Lets an outage last, and asserts how often it is tried again. */
async function asksNoMoreThanAllowed(setup: InstancerSetup): Promise<void> {
  await setup.fails()
  await triesNoMoreThanAllowed(setup.registry, setup.failures, setup.harness.outageMs ?? 60_000)
}

/** Outages, late answers and senseless ones. */
export const instancerTroubleCases: readonly InstancerCase[] = [
  {
    name: 'begins while the registry is down, and tells who is there when it has come up',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        await registry.stop()
        setup.subscribe()
        await staysDown(setup)
        assert.equal(instancer.current.instances, undefined)
        await registry.start()
        await setup.knows(three)
      }),
  },
  {
    name: 'keeps what it knows through an outage, tells that once, and goes on by itself',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        setup.subscribe()
        await setup.knows(three)
        await registry.stop()
        await staysDown(setup)
        assertSeen(instancer.current.instances, three, harness)
        await registry.start()
        await setup.knows(three)
        assert.equal(setup.heard.length, 3, 'told of the set, of the outage and of its end')
        if (setup.lacks('changes')) return
        await registry.set(others)
        await setup.knows(others)
      }),
  },
  {
    name: 'sees what has changed during an outage',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.stop === undefined || registry.start === undefined || setup.lacks('changes'))
          throw new LeftOut('the registry is always there')
        setup.subscribe()
        await setup.knows(three)
        for (const list of [others, three.slice(1), three]) {
          await registry.stop()
          await registry.set(list)
          await setup.fails()
          await registry.start()
          await setup.knows(list)
        }
      }),
  },
  {
    name: 'asks a registry that is down no more often than its back-off allows',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        setup.subscribe()
        await setup.knows(three)
        await registry.stop()
        await asksNoMoreThanAllowed(setup)
        await registry.start()
        await setup.knows(three)
      }),
  },
  {
    name: 'asks a registry that makes no sense no more often than its back-off allows',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.garble === undefined) throw new LeftOut('answers cannot be made senseless')
        setup.subscribe()
        await setup.knows(three)
        await registry.garble(true)
        await asksNoMoreThanAllowed(setup)
      }),
  },
  {
    name: 'takes answers that come late, and tells none of them twice',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.delay === undefined) throw new LeftOut('answers cannot be made late')
        await registry.delay(200)
        setup.subscribe()
        await setup.knows(three)
        if (setup.lacks('changes')) return
        await registry.set(others)
        await setup.knows(others)
        await registry.delay(0)
        await registry.set(three)
        await setup.knows(three)
        await registry.pass(1_000)
        await setup.knows(three)
        if (setup.lacks('atOnce')) return
        const heard = setup.heard.map(({ instances, error }) => error?.message ?? instances?.map(({ id }) => id).join())
        assert.equal(heard.length, 3, `late answers should not bring back what they said: ${heard.join('; ')}`)
      }),
  },
  {
    name: 'keeps what it knows while the answers make no sense, and goes on by itself',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        if (registry.garble === undefined) throw new LeftOut('answers cannot be made senseless')
        setup.subscribe()
        await setup.knows(three)
        await registry.garble(true)
        await staysDown(setup)
        assertSeen(instancer.current.instances, three, harness)
        await registry.garble(false)
        await setup.knows(three)
        if (setup.lacks('changes')) return
        await registry.set(others)
        await setup.knows(others)
      }),
  },
  {
    name: 'takes an answer that makes no sense for no set at all',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        if (registry.garble === undefined) throw new LeftOut('answers cannot be made senseless')
        await registry.garble(true)
        setup.subscribe()
        await setup.fails()
        assert.equal(instancer.current.instances, undefined)
        await registry.garble(false)
        await setup.knows(three)
      }),
  },
]
