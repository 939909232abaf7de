// Instances as a registry gives them back: the sameness that conformance suites of registries ask for.
import assert from 'node:assert/strict'
import { type Instance, inOrder } from '../../discovery/instance.ts'

/** What may be lacking of an instance. `ids`: its id is its address. */
export type InstanceLack = 'ids' | 'weight' | 'priority' | 'zone' | 'tags' | 'metadata'

/** What becomes of an instance on its way through a registry. */
export interface Passage {
  readonly without?: readonly string[] | undefined
  seen?(instance: Instance): Instance
}

/** Some instances, whose order by id is that of their numbers. */
export function instancesOf(count: number, first = 1): readonly Instance[] {
  return Array.from({ length: count }, (_, at) => instanceOf(first + at))
}

/** An instance with a number of at most 60_000. */
export function instanceOf(n: number): Instance {
  return { id: `orders-${String(n).padStart(5, '0')}`, address: `10.0.${Math.floor(n / 250)}.${(n % 250) + 1}:8080` }
}

/** Asserts that what is known is what was set, but for what the registry cannot carry. */
export function assertSeen(
  known: readonly Instance[] | undefined,
  set: readonly Instance[],
  passage: Passage,
  what = 'the instances',
): void {
  assert.ok(known !== undefined, `${what} are not known`)
  const expected = expectedOf(set, passage)
  const [has, wants] = [known.map(plain), expected.map(plain)]
  // A report of ten thousand would take longer than the suite.
  if (wants.length > 100) {
    assert.equal(has.length, wants.length, `how many ${what} are`)
    const differs = wants.find((want, at) => JSON.stringify(want) !== JSON.stringify(has[at]))
    if (differs !== undefined) assert.fail(`${what} should have ${JSON.stringify(differs)}`)
  } else assert.deepEqual(has, wants, what)
}

/** What a registry makes of a set, in order. */
export function expectedOf(set: readonly Instance[], passage: Passage): readonly Instance[] {
  const without = passage.without ?? []
  const expected = set.map((instance) => {
    const { id, address, weight, priority, zone, tags, metadata } = passage.seen?.(instance) ?? instance
    const keep = <T>(lack: InstanceLack, value: T) => (without.includes(lack) ? undefined : value)
    return {
      id: keep('ids', id) ?? address,
      address,
      weight: keep('weight', weight),
      priority: keep('priority', priority),
      zone: keep('zone', zone),
      tags: keep('tags', tags),
      metadata: keep('metadata', metadata),
    }
  })
  return inOrder(expected)
}

/** Defaults written out, so that an adapter may tell them or not. */
function plain({ id, address, weight = 1, priority = 0, zone = '', tags = [], metadata = {} }: Instance): object {
  const entries = Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return { id, address, weight, priority, zone, tags: tags.toSorted(), metadata: entries }
}
