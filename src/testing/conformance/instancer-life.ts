// Conformance of an instancer: one lookup for all who subscribe, and nothing left when it ends, whenever that is.
import assert from 'node:assert/strict'
import type { InstanceSet } from '../../discovery/instancer.ts'
import { assertSeen, instancesOf } from './assert-seen.ts'
import { settles, until } from './harness-time.ts'
import { type InstancerCase, InstancerSetup, withInstancer } from './instancer-harness.ts'
import { LeftOut } from './left-out.ts'

const three = instancesOf(3)
const others = instancesOf(4, 10)

/** The most that is held in a while: between two questions it may be nothing. */
async function mostHeld({ registry }: InstancerSetup): Promise<number> {
  let most = 0
  for (let sample = 0; sample < 50; sample++) {
    most = Math.max(most, registry.held?.() ?? 0)
    await registry.pass(10)
  }
  return most
}

/** Beginnings and ends. */
export const instancerLifeCases: readonly InstancerCase[] = [
  {
    name: 'says what it looks up, and asks nothing before somebody subscribes',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        const attempts = registry.attempts?.()
        assert.ok(instancer.name.trim() !== '')
        await registry.pass(1_000)
        assert.equal(registry.attempts?.(), attempts)
        assert.equal(instancer.current.instances, undefined)
        await setup.letsGo()
      }),
  },
  {
    name: 'tells all who subscribe the same, and a later one at once',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        const heard: [InstanceSet[], InstanceSet[]] = [[], []]
        instancer.subscribe((set) => heard[0].push(set))
        setup.subscribe()
        await setup.knows(three)
        instancer.subscribe((set) => heard[1].push(set))
        assert.equal(heard[1].length, 1, 'what is known should be told before subscribe returns')
        if (!setup.lacks('changes')) {
          await registry.set(others)
          await setup.knows(others)
        }
        for (const sets of heard) assert.deepEqual(sets, setup.heard)
      }),
  },
  {
    name: 'shares one lookup among all who subscribe',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        setup.subscribe()
        await setup.knows(three)
        const most = await mostHeld(setup)
        for (let subscribers = 1; subscribers < 20; subscribers++) instancer.subscribe(() => {})
        await registry.pass(100)
        const check = () =>
          assert.ok((registry.held?.() ?? 0) <= most, `${registry.held?.()} held, but ${most} for one`)
        await until(registry, check, 'twenty subscribers hold no more than one')
      }),
  },
  {
    name: 'lets go when the last subscriber has left, and looks again for the next one',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        const first = setup.subscribe()
        const second = instancer.subscribe(() => {})
        await setup.knows(three)
        first[Symbol.dispose]()
        first[Symbol.dispose]()
        second[Symbol.dispose]()
        await setup.letsGo()
        const attempts = registry.attempts?.()
        if (!setup.lacks('changes')) await registry.set(others)
        await registry.pass(1_000)
        assert.equal(registry.attempts?.(), attempts, 'nobody asks, so the registry should not be asked')
        assertSeen(instancer.current.instances, three, harness, 'the instances that were known')
        setup.subscribe()
        await setup.knows(setup.lacks('changes') ? three : others)
      }),
  },
  {
    name: 'goes on for one subscriber when another one leaves',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        let told = 0
        const leaving = instancer.subscribe(() => {
          told++
          leaving[Symbol.dispose]()
        })
        setup.subscribe()
        await setup.knows(three)
        if (setup.lacks('changes')) return
        await registry.set(others)
        await setup.knows(others)
        assert.equal(told, 1)
      }),
  },
  {
    name: 'leaves nothing of subscriptions that end as soon as they begin',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        for (let turn = 0; turn < 20; turn++) {
          const subscription = setup.instancer.subscribe(() => {})
          if (turn % 4 > 0) await setup.registry.pass(turn % 4)
          subscription[Symbol.dispose]()
        }
        await setup.letsGo()
        setup.subscribe()
        await setup.knows(three)
      }),
  },
  {
    name: 'ends while it begins',
    async run(harness) {
      for (const ms of [undefined, 0, 1, 3, 10])
        await withInstancer(harness, three, async (setup) => {
          setup.subscribe()
          if (ms !== undefined) await setup.registry.pass(ms)
          await setup.end()
        })
    },
  },
  {
    name: 'ends while an answer is late',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.delay === undefined) throw new LeftOut('answers cannot be made late')
        await registry.delay(60_000)
        setup.subscribe()
        await registry.pass(50)
        await setup.end()
        assert.equal(setup.heard.length, 0)
      }),
  },
  {
    name: 'ends while the registry is down',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        setup.subscribe()
        await setup.knows(three)
        await registry.stop()
        await setup.fails()
        await setup.end()
        const attempts = registry.attempts?.()
        await registry.pass(1_000)
        assert.equal(registry.attempts?.(), attempts)
      }),
  },
  {
    name: 'is disposed twice as once, and tells nobody anything afterwards',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        const { registry, instancer } = setup
        setup.subscribe()
        await setup.knows(three)
        await settles(
          registry,
          Promise.all([instancer, instancer].map((each) => each[Symbol.asyncDispose]())),
          'it ends',
        )
        const [heard, attempts] = [setup.heard.length, registry.attempts?.()]
        if (!setup.lacks('changes')) await registry.set(others)
        instancer.subscribe(() => {})[Symbol.dispose]()
        await registry.pass(1_000)
        assert.equal(setup.heard.length, heard)
        assert.equal(registry.attempts?.(), attempts)
      }),
  },
  {
    name: 'ends without another one of the same registry',
    run: (harness) =>
      withInstancer(harness, three, async (setup) => {
        setup.subscribe()
        await setup.knows(three)
        const other = new InstancerSetup(harness, setup.registry, await mostHeld(setup))
        other.subscribe()
        await other.knows(three)
        await other.end()
        if (setup.lacks('changes')) return
        await setup.registry.set(others)
        await setup.knows(others)
        assertSeen(other.instancer.current.instances, three, harness, 'the instances that were known')
      }),
  },
]
