import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type InstancerHarness, instancerCases } from '../../testing/conformance/instancer.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { describeSet } from '../describe-set.ts'
import type { Instance } from '../instance.ts'
import type { InstanceSet } from '../instancer.ts'
import { staticInstancer } from './instancer.ts'

const harness: InstancerHarness = {
  without: ['changes'],
  async open() {
    const clock = manualClock()
    let list: readonly Instance[] = []
    return {
      clock,
      pass: (ms) => clock.advance(ms),
      instancer: (options) => staticInstancer(list, options),
      async set(instances) {
        list = instances
      },
      held: () => clock.pending,
      async [Symbol.asyncDispose]() {},
    }
  },
}

const weighted: Instance = { id: 'b', address: 'b:1', weight: 2 }

async function knownTo(instances: readonly (string | Instance)[]): Promise<readonly (InstanceSet | undefined)[]> {
  const clock = manualClock()
  const sets: InstanceSet[] = []
  await using instancer = staticInstancer(instances, { clock })
  instancer.subscribe((set) => sets.push(set))
  await clock.advance(1_000_000)
  return sets
}

describe('staticInstancer', () => {
  describe('conforms', () => {
    for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
  })

  it('takes addresses and instances, and tells them once and for all', async () => {
    const sets = await knownTo(['c:1', weighted, 'a:1'])
    assert.deepEqual(
      sets.map((set) => set?.instances),
      [[{ id: 'a:1', address: 'a:1' }, weighted, { id: 'c:1', address: 'c:1' }]],
    )
  })

  it('says how many it knows', async () => {
    const clock = manualClock()
    await using instancer = staticInstancer(['c:1', weighted, 'a:1', 'a:1'], { clock })
    assert.equal(instancer.name, 'static list of 3')
    instancer.subscribe(() => {})
    await clock.advance(5_000)
    assert.equal(describeSet(instancer, clock.wallNow()), 'static list of 3, which had 3 when it was last seen, 5s ago')
  })

  it('may have none', async () => {
    const [set] = await knownTo([])
    assert.deepEqual(set?.instances, [])
  })

  it('does not hear of what becomes of the list that it was given', async () => {
    const list = ['a:1']
    const clock = manualClock()
    await using instancer = staticInstancer(list, { clock })
    list.push('b:1')
    instancer.subscribe(() => {})
    await clock.settle()
    assert.equal(instancer.current.instances?.length, 1)
  })

  it('tells a change to who wants to hear of it', async () => {
    const clock = manualClock()
    const changes: unknown[] = []
    await using instancer = staticInstancer(['a:1'], { clock, onChange: (event) => changes.push(event) })
    instancer.subscribe(() => {})
    await clock.settle()
    assert.deepEqual(changes, [{ name: 'static list of 1', instances: [{ id: 'a:1', address: 'a:1' }] }])
  })

  it('refuses what makes no sense, and says which one it is', () => {
    assert.throws(() => staticInstancer(['a:1', 'b']), {
      name: 'TypeError',
      message: 'instances[1]: address must be host:port, with a port from 1 to 65535, but is "b"',
    })
    assert.throws(() => staticInstancer([{ ...weighted, weight: -1 }]), {
      name: 'RangeError',
      message: /^instances\[0\]: weight /,
    })
    assert.throws(() => staticInstancer([weighted, { ...weighted, address: 'c:1' }]), {
      name: 'TypeError',
      message: 'instances[1] has the id of another one, "b"',
    })
    assert.throws(() => staticInstancer('a:1' as unknown as string[]), {
      name: 'TypeError',
      message: 'instances must be a list',
    })
    for (const nothing of [undefined, null, 7])
      assert.throws(() => staticInstancer([nothing as unknown as string]), {
        name: 'TypeError',
        message: /^instances\[0\]: /,
      })
  })
})
