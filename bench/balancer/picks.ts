// The rows about what a pick costs, and about how little of that depends on the size of the set.
import { type Context, rootContext } from 'servicekit'
import type { Balancer } from 'servicekit/discovery/balancer'
import { balancingKey } from 'servicekit/discovery/balancing-key'
import { hashRing } from 'servicekit/discovery/hash-ring'
import { leastLoaded } from 'servicekit/discovery/least-loaded'
import { peakEwma } from 'servicekit/discovery/peak-ewma'
import { random } from 'servicekit/discovery/random'
import { roundRobin } from 'servicekit/discovery/round-robin'
import { twoChoices } from 'servicekit/discovery/two-choices'
import { weighted } from 'servicekit/discovery/weighted'
import type { Row } from '../harness/row.ts'
import { type Call, timed } from '../harness/timed.ts'
import { busyCandidates, type Target } from './candidates.ts'

/** How a balancer is made, and what is bound to its calls, each of which has the next one of these contexts. */
interface Picking {
  readonly name: string
  balancer(): Balancer<Target>
  contexts?(): readonly Context[]
}

/** A call of each of a thousand users. */
const keyed = () => Array.from({ length: 1_000 }, (_, user) => rootContext().with(balancingKey, `user ${user}`))

const twoOfSome: Picking = { name: 'two-choices', balancer: twoChoices }
const leastCost: Picking = { name: 'peak-ewma', balancer: peakEwma }

const all: readonly Picking[] = [
  { name: 'round-robin', balancer: roundRobin },
  { name: 'random', balancer: random },
  twoOfSome,
  { name: 'least-loaded', balancer: leastLoaded },
  leastCost,
  { name: 'weighted', balancer: weighted },
  { name: 'hash-ring', balancer: hashRing, contexts: keyed },
]

/** A pick for each call, from a set of that size. */
export async function picksOf(balancer: Balancer<Target>, count: number, ctx: Context): Promise<Call> {
  balancer.update(await busyCandidates(count))
  return () => balancer.pick(ctx)
}

async function keyedPicksOf(balancer: Balancer<Target>, count: number, contexts: readonly Context[]): Promise<Call> {
  balancer.update(await busyCandidates(count))
  let turn = 0
  return () => {
    turn = turn + 1 === contexts.length ? 0 : turn + 1
    return balancer.pick(contexts[turn] as Context)
  }
}

function picking({ balancer, contexts }: Picking, count: number): () => Promise<Call> {
  if (contexts === undefined) return () => picksOf(balancer(), count, rootContext())
  return () => keyedPicksOf(balancer(), count, contexts())
}

/** A set of 10,000, and smaller ones beside it; where they cost the same the ratio is 1. */
function sizes(each: Picking): Row {
  const peers = [10, 100, 1_000].map((count) => ({ name: `of ${count}`, prepare: picking(each, count) }))
  return timed(each.name, { ours: { prepare: picking(each, 10_000) }, peers })
}

function flat(each: Picking): Row {
  const small = { name: 'of 10', bar: 0.5, prepare: picking(each, 10) }
  return timed(`${each.name} flat`, { ours: { prepare: picking(each, 10_000) }, peers: [small] })
}

export const sizeRows: readonly Row[] = all.map(sizes)
export const flatRows: readonly Row[] = [flat(twoOfSome), flat(leastCost)]
