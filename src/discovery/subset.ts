// subset: some of a service's instances for each client, so that not every client of a large fleet is connected to every instance.
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { murmur3 } from '../primitives/murmur3.ts'
import { type Instance, inOrder, sameInstances } from './instance.ts'
import type { Instancer, InstanceSet } from './instancer.ts'

/** Which instances a client gets. */
export interface SubsetOptions {
  /** The most instances that the client gets, an integer of at least 1. */
  readonly size: number
  /** Which client this is: its number among all clients, from 0, or a name that no other client has. */
  readonly client: number | string
}

/**
 * Gives an instancer whose set has at most `size` instances of the given one, the same ones for the same client and set. It owns the given
 * one: disposing it disposes that.
 *
 * Where clients are numbered from 0 without gaps, as the pods of a StatefulSet are, give the number: that is deterministic subsetting (Google
 * SRE book, chapter 20). Clients go in rounds, and in each round every instance is given to one client, but for a remainder of less than
 * `size`, which differs from round to round; so instances have as many clients, to within the few that remainders make. An instance that
 * joins or leaves changes about one member of each subset, but when that changes how many subsets a round has, all of them change.
 *
 * Where they are not, give a name, such as the host's: that is rendezvous hashing (Thaler and Ravishankar 1998). One that joins or leaves
 * changes only the subsets that it is in, by one member; but instances have more or fewer clients by chance: with c on average, most
 * within 2 × √c of that. So take numbers for evenness where the set seldom changes, and names for everything else.
 *
 * Instances of a later priority come in where there are fewer than `size` of those before, and those of weight 0 after the others of their
 * priority. Throws a RangeError or TypeError for an option out of its range.
 */
export function subset(instancer: Instancer, options: SubsetOptions): Instancer {
  return new SubsetInstancer(instancer, options)
}

class SubsetInstancer implements Instancer {
  readonly name: string
  readonly #instancer: Instancer
  readonly #size: number
  readonly #client: number | string
  /** What the subset was last taken from, and what it was: the same list for as long as it is the same. */
  #all: readonly Instance[] | undefined
  #some: readonly Instance[] = []

  constructor(instancer: Instancer, { size, client }: SubsetOptions) {
    this.#size = checkNumber('size', size, { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true })
    this.#client = checkClient(client)
    this.name = `${this.#size} for client ${client} of ${instancer.name}`
    this.#instancer = instancer
  }

  get current(): InstanceSet {
    const { current } = this.#instancer
    return { ...current, instances: current.instances && this.#subsetOf(current.instances) }
  }

  subscribe(listener: (set: InstanceSet) => void): Disposable {
    let told: InstanceSet | undefined
    return this.#instancer.subscribe((set) => {
      const instances = set.instances && this.#subsetOf(set.instances)
      const isNews = told === undefined || told.instances !== instances || isFailing(told) !== isFailing(set)
      told = { ...set, instances }
      if (isNews) tell(listener, told)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#instancer[Symbol.asyncDispose]()
  }

  #subsetOf(all: readonly Instance[]): readonly Instance[] {
    if (all === this.#all) return this.#some
    let chosen: readonly Instance[] = []
    for (const group of inGroups(all)) {
      const places = this.#size - chosen.length
      if (places === 0) break
      chosen = chosen.concat(someOf(group, places, this.#client))
    }
    const some = inOrder(chosen)
    if (this.#all === undefined || !sameInstances(some, this.#some)) this.#some = some
    this.#all = all
    return this.#some
  }
}

function isFailing({ error }: InstanceSet): boolean {
  return error !== undefined
}

/** All of them where there are no more than that. */
function someOf(instances: readonly Instance[], size: number, client: number | string): readonly Instance[] {
  if (instances.length <= size) return instances
  return typeof client === 'number' ? inTurn(instances, size, client) : nearest(instances, size, client)
}

/** Those that should be called before others first. */
function inGroups(instances: readonly Instance[]): readonly (readonly Instance[])[] {
  const rankOf = ({ priority = 0, weight }: Instance) => 2 * priority + (weight === 0 ? 1 : 0)
  return [...Map.groupBy(instances, rankOf)].toSorted(([one], [other]) => one - other).map(([, group]) => group)
}

/**
 * The client's turn in its round. The book shuffles the list for each round; here it is sorted by hashes that differ by round, which is as
 * good, and moves the others by one place at most when an instance joins or leaves.
 */
function inTurn(instances: readonly Instance[], size: number, client: number): readonly Instance[] {
  const subsets = Math.floor(instances.length / size)
  const start = (client % subsets) * size
  return byHash(instances, Math.floor(client / subsets)).slice(start, start + size)
}

function nearest(instances: readonly Instance[], size: number, client: string): readonly Instance[] {
  return byHash(instances, murmur3(client)).slice(0, size)
}

/** Those with the same hash stay in the order of their ids. */
function byHash(instances: readonly Instance[], seed: number): readonly Instance[] {
  return instances
    .map((instance) => ({ instance, hash: murmur3(instance.id, seed) }))
    .sort((one, other) => one.hash - other.hash)
    .map(({ instance }) => instance)
}

function checkClient(client: number | string): number | string {
  if (typeof client === 'number')
    return checkNumber('client', client, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true })
  if (typeof client === 'string' && client !== '') return client
  throw new TypeError('client must be the number of the client, or a text that no other client has')
}
