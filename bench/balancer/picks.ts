// The rows about what a pick costs, and about how little of that depends on the size of the set.
import { type Context, rootContext } from 'servicekit'
import type { Balancer } from 'servicekit/discovery/balancer'
import { leastLoaded } from 'servicekit/discovery/least-loaded'
import { peakEwma } from 'servicekit/discovery/peak-ewma'
import { random } from 'servicekit/discovery/random'
import { roundRobin } from 'servicekit/discovery/round-robin'
import { twoChoices } from 'servicekit/discovery/two-choices'
import { weighted } from 'servicekit/discovery/weighted'
import type { Row } from '../harness/row.ts'
import { type Call, timed } from '../harness/timed.ts'
import { busyCandidates } from './candidates.ts'

/** How a balancer is made, and what is bound to its calls. */
interface Picking {
  readonly name: string
  balancer(): Balancer<string>
  ctx?(ctx: Context): Context
}

const twoOfSome: Picking = { name: 'two-choices', balancer: twoChoices }
const leastCost: Picking = { name: 'peak-ewma', balancer: peakEwma }

const all: readonly Picking[] = [
  { name: 'round-robin', balancer: roundRobin },
  { name: 'random', balancer: random },
  twoOfSome,
  { name: 'least-loaded', balancer: leastLoaded },
  leastCost,
  { name: 'weighted', balancer: weighted },
]

/** A pick for each call, from a set of that size. */
export function picksOf(balancer: Balancer<string>, count: number, ctx: Context = rootContext()): Call {
  balancer.update(busyCandidates(count))
  return () => balancer.pick(ctx)
}

function picking({ balancer, ctx }: Picking, count: number): () => Call {
  return () => picksOf(balancer(), count, ctx?.(rootContext()))
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
