// The rows about a set that has changed: from the moment it leaves its source until the balancer has it, and all candidates with that.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'servicekit'
import { contract, unary } from 'servicekit'
import { balanced } from 'servicekit/discovery/balanced'
import type { Balancer, PickTrace } from 'servicekit/discovery/balancer'
import type { Candidate } from 'servicekit/discovery/candidate'
import { type Instancer, instancerFrom } from 'servicekit/discovery/instancer'
import { balancedClient } from 'servicekit/presets/balanced-client'
import type { Figure, Row, RowResult } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'
import { Fleet, instances, replaced, ToldSource } from './snapshots.ts'

const warmUp = 20
const rounds = 30
/** As often as a set changes: what was in the caches of the processor has gone by then, as it has in a service. */
const everyMs = 1_000
const mostMs = 10

/** Another balancer, and when it was told first since that was cleared. */
class Timed implements Balancer {
  readonly name: string
  toldAt: number | undefined
  /** What the thread had worked by then, in microseconds. */
  cpuUs = 0
  size = 0
  readonly #balancer: Balancer

  constructor(balancer: Balancer) {
    this.name = balancer.name
    this.#balancer = balancer
  }

  update(candidates: readonly Candidate[]): void {
    this.#balancer.update(candidates)
    if (this.toldAt === undefined) {
      this.toldAt = performance.now()
      this.cpuUs = threadCpuUs()
    }
    this.size = candidates.length
  }

  pick(ctx: Context, trace?: PickTrace): Candidate | undefined {
    return this.#balancer.pick(ctx, trace)
  }
}

/** Of this thread alone: what others do on its core is not in it, nor are the threads of the collector. */
function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** What holds the candidates: an endpoint, or a client with its policies. */
export type Holder = (instancer: Instancer, balancer: Balancer) => AsyncDisposable

/** An endpoint of all instances. */
export const endpoint: Holder = (instancer, balancer) =>
  balanced({ method: 'shop/price', instancer, balancer: balancer as never, connect: () => async () => 1 })

const shop = contract('shop', { price: unary.of<string, number>({ idempotent: true }) })

/** A client as it ships: each instance has a breaker. */
export const client: Holder = (instancer, balancer) => balancedClient(shop, { instancer, balancer })

export function applied(name: string, hold: Holder, balancer: () => Balancer, judged: boolean): Row {
  return { name, run: () => run(name, hold, balancer(), judged) }
}

async function run(name: string, hold: Holder, balancer: Balancer, judged: boolean): Promise<RowResult> {
  const fleet = new Fleet()
  const told = new ToldSource()
  const timed = new Timed(balancer)
  await using instancer = instancerFrom('ten thousand', told.source)
  await using _ = hold(instancer, timed)
  const apply = async () => {
    const snapshot = fleet.snapshot()
    await setImmediate()
    timed.toldAt = undefined
    const cpuUs = threadCpuUs()
    const startedAt = performance.now()
    told.say(snapshot)
    await setImmediate()
    if (timed.toldAt === undefined || timed.size !== instances)
      throw new Error(`the balancer knows ${timed.size} instances, and was last told at ${timed.toldAt}`)
    return { ms: timed.toldAt - startedAt, cpuMs: (timed.cpuUs - cpuUs) / 1_000 }
  }
  const first = await apply()
  for (let round = 0; round < warmUp; round++) {
    fleet.change()
    await apply()
  }
  const tookMs: number[] = []
  const cpuMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    await sleep(everyMs)
    fleet.change()
    const took = await apply()
    tookMs.push(took.ms)
    cpuMs.push(took.cpuMs)
  }
  const value = median(tookMs)
  const verdict = judged ? `<= ${mostMs} ms: ${value <= mostMs ? 'met' : 'MISSED'}` : undefined
  const figure: Figure = { name, value, unit: 'ms', spread: spread(tookMs), verdict }
  const slowest = Math.max(...tookMs)
  return {
    figure,
    notes: [
      `${name}: ${instances} instances, ${replaced} of them replaced each second; ${median(cpuMs).toFixed(1)} ms of the thread's own CPU; the slowest of ${rounds} took ${slowest.toFixed(1)} ms, the very first set ${first.ms.toFixed(0)} ms`,
    ],
  }
}
