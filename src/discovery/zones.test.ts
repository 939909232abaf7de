import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { Ewma } from '../primitives/ewma.ts'
import { type Random, seededRandom } from '../primitives/random.ts'
import { balancerCases } from '../testing/conformance/balancer.ts'
import { VirtualCandidate, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { Balancer, PickTrace } from './balancer.ts'
import { peakEwma } from './peak-ewma.ts'
import { roundRobin } from './round-robin.ts'
import { type ZoneOptions, zones } from './zones.ts'

const clock = manualClock({ startAt: 1_000 })
const root = rootContext({ clock })

/** A set of `l…` in the own zone and `o…` elsewhere. */
function setOf(...ids: readonly string[]): readonly VirtualCandidate[] {
  return virtualCandidates(ids, (at) => ({ zone: ids[at]?.startsWith('l') ? 'here' : 'there' }))
}

function zoned(candidates: readonly VirtualCandidate[], options?: Partial<ZoneOptions<string>>) {
  const balancer = zones<string>({ own: 'here', of: roundRobin, ...options })
  balancer.update(candidates)
  return balancer
}

function triedOf(...ids: readonly string[]) {
  const tried = new TriedInstances()
  for (const id of ids) tried.add(id)
  return root.with(triedInstances, tried)
}

/** A server that works on four calls at a time, and what one client knows of it. */
class SimulatedServer extends VirtualCandidate {
  readonly #workers = Array<number>(4).fill(0)
  readonly #latency = new Ewma({ decayMs: 1_000 })
  #peakMs = 0

  /** Until when a call takes that begins now. */
  call(now: number, random: Random): number {
    const worker = this.#workers.indexOf(Math.min(...this.#workers))
    const endsAt = Math.max(now, this.#workers[worker] as number) - 10 * Math.log(1 - random())
    this.#workers[worker] = endsAt
    return endsAt
  }

  /** As Finagle's peak EWMA does: up at once, down as time passes. */
  ended(now: number, tookMs: number): void {
    if (tookMs > this.#latency.valueAt(now)) {
      this.#latency.reset()
      this.#peakMs = tookMs
    }
    this.#latency.add(tookMs, now)
    this.latencyMs = Math.max(this.#latency.value, 0)
  }

  override loadAt(now: number): number {
    return this.#peakMs === 0 ? 0 : (this.#latency.valueAt(now) * (this.inFlight + 1)) / this.weight
  }
}

/** Calls for 20 s, one each `everyMs`, against so many servers here and six elsewhere. Gives what stayed here, and how long calls took on average. */
async function simulate(local: number, everyMs: number) {
  const random = seededRandom(local)
  const simulated = manualClock()
  const ctx = rootContext({ clock: simulated })
  const servers = Array.from(
    { length: local + 6 },
    (_, at) => new SimulatedServer({ id: `s${at}`, address: 's:1', zone: at < local ? 'here' : 'there' }),
  )
  const balancer = zones<string>({ own: 'here', of: () => peakEwma({ random }) })
  balancer.update(servers)
  let [calls, stayed, totalMs] = [0, 0, 0]
  while (simulated.now() < 20_000) {
    const from = simulated.now()
    const server = balancer.pick(ctx) as SimulatedServer
    calls++
    if (server.instance.zone === 'here') stayed++
    server.inFlight++
    const tookMs = server.call(from, random) - from
    totalMs += tookMs
    simulated.schedule(tookMs, () => {
      server.inFlight--
      server.ended(simulated.now(), tookMs)
    })
    while (simulated.runNext(from + everyMs));
  }
  return { stayed: stayed / calls, meanMs: totalMs / calls }
}

describe('zones', () => {
  const zoneOf = (at: number) => ({ zone: at % 2 === 0 ? 'here' : 'there' })
  for (const { name, run } of balancerCases) {
    it(`${name} (no zones)`, () =>
      run({ balancer: (random) => zones<string>({ own: 'here', of: () => peakEwma({ random }) }) }))
    // The suite makes up instances without a zone, so half of them get one here.
    it(`${name} (two zones)`, () => run({ balancer: (random) => inZones(zoneOf, random) }))
  }

  it('stays in its zone while loads are alike, or not known', () => {
    const [l1, l2, o1] = setOf('l1', 'l2', 'o1') as [VirtualCandidate, VirtualCandidate, VirtualCandidate]
    const balancer = zoned([l1, l2, o1])
    const given = () => [1, 2, 3, 4].map(() => balancer.pick(root)?.target)
    assert.deepEqual(given(), ['l1', 'l2', 'l1', 'l2'])
    for (const each of [l1, l2, o1]) each.latencyMs = 10
    // A hundred calls in flight here say nothing of how many the others have from their own clients.
    for (const each of [l1, l2]) each.inFlight = 100
    assert.deepEqual(given(), ['l1', 'l2', 'l1', 'l2'])
    for (const each of [l1, l2]) each.latencyMs = 19
    assert.deepEqual(given(), ['l1', 'l2', 'l1', 'l2'])
  })

  it('leaves it where calls take more than so many times as long, and less so with each that does', () => {
    const [l, o] = setOf('l', 'o') as [VirtualCandidate, VirtualCandidate]
    const balancer = zoned([l, o])
    l.latencyMs = 100
    o.latencyMs = 10
    let left = 0
    for (; balancer.pick(root) === o; left++) o.inFlight++
    assert.equal(left, 4)
    const wider = zoned([l, o], { spillRatio: 20 })
    o.inFlight = 0
    assert.equal(wider.pick(root), l)
  })

  it('goes by weights', () => {
    const [l, o] = setOf('l', 'o') as [VirtualCandidate, VirtualCandidate]
    const balancer = zoned([l, o])
    for (const each of [l, o]) each.latencyMs = 10
    o.weight = 0
    l.latencyMs = 10_000
    assert.equal(balancer.pick(root), l)
    o.weight = 1
    l.latencyMs = 12
    l.weight = 2
    l.inFlight = 20
    // 126 against 110: it is taken to have ten from others.
    assert.equal(zoned([l, o], { spillRatio: 1 }).pick(root), o)
    l.latencyMs = 10
    assert.equal(zoned([l, o], { spillRatio: 1 }).pick(root), l)
    l.weight = 0
    assert.equal(balancer.pick(root), o)
  })

  it('goes elsewhere where nobody here may be called, or all were tried, and back where all there were', () => {
    assert.equal(zoned(setOf('o')).pick(root)?.target, 'o')
    assert.equal(zoned(setOf('l')).pick(root)?.target, 'l')
    const balancer = zoned(setOf('l1', 'l2', 'o1', 'o2'))
    assert.equal(balancer.pick(triedOf('l1'))?.target, 'l2')
    assert.match(balancer.pick(triedOf('l1', 'l2'))?.target ?? '', /^o/)
    assert.equal(balancer.pick(triedOf('l1', 'l2', 'o1'))?.target, 'o2')
    assert.match(balancer.pick(triedOf('l1', 'l2', 'o1', 'o2'))?.target ?? '', /^l/)
    const [l, o] = setOf('l', 'o') as [VirtualCandidate, VirtualCandidate]
    l.latencyMs = 100
    o.latencyMs = 10
    assert.equal(zoned([l, o]).pick(triedOf('o')), l)
  })

  it('asks once a second what it does not know of elsewhere, and remembers it longer than candidates do', async () => {
    const [l, o] = setOf('l', 'o') as [VirtualCandidate, VirtualCandidate]
    const balancer = zoned([l, o])
    l.latencyMs = 30
    const leaves = () => balancer.pick(root) === o
    assert.deepEqual([leaves(), leaves(), leaves()], [true, false, false])
    await clock.advance(1_000)
    assert.deepEqual([leaves(), leaves()], [true, false])
    o.latencyMs = 25
    assert.equal(leaves(), false)
    // The candidate's own number fades faster.
    o.latencyMs = 0
    await clock.advance(5_000)
    assert.equal(leaves(), false)
    await clock.advance(5_000)
    assert.deepEqual([leaves(), leaves()], [true, false])
  })

  it('shows a trace both loads, and asks nothing for it', () => {
    const [l, o] = setOf('l', 'o') as [VirtualCandidate, VirtualCandidate]
    const balancer = zoned([l, o])
    l.latencyMs = 30
    const seen: unknown[] = []
    const trace: PickTrace<string> = { consider: (each, score, note) => note && seen.push([each.target, score, note]) }
    assert.equal(balancer.pick(root, trace), o)
    assert.equal(balancer.pick(root, trace), o)
    assert.equal(balancer.pick(root), o)
    assert.equal(balancer.pick(root, trace), l)
    assert.deepEqual(seen.slice(0, 2), [
      ['l', 30, 'in here, which may have 2 times the load of elsewhere'],
      ['o', 0, 'elsewhere'],
    ])
    assert.deepEqual(seen.at(-1), ['o', 0, 'elsewhere: what is known of it is old'])
  })

  it('keeps nearly all calls at home while there is room, and serves more than there is room for', async () => {
    // Three servers of four workers at 10 ms take 1.2 calls a millisecond.
    const calm = await simulate(3, 2)
    assert.ok(calm.stayed > 0.92, `${calm.stayed}`)
    assert.ok(calm.meanMs < 15, `${calm.meanMs}`)
    const busy = await simulate(1, 1.25)
    // Half of what comes is what the one can take.
    assert.ok(busy.stayed > 0.25 && busy.stayed < 0.55, `${busy.stayed}`)
    assert.ok(busy.meanMs < 60, `${busy.meanMs}`)
  })

  it('refuses what makes no sense', () => {
    assert.equal(zones({ own: 'a', of: roundRobin }).name, 'zones_round_robin')
    assert.throws(() => zones({ own: '', of: roundRobin }), /own must be/)
    assert.throws(() => zones({ own: 'a', of: undefined as never }), /of must be/)
    assert.throws(() => zones({ own: 'a', of: roundRobin, spillRatio: 0.5 }), /spillRatio must be/)
  })
})

/** Zones over a set whose instances have none: they get one on their way in, and are themselves again on their way out. */
function inZones(zoneOf: (at: number) => { readonly zone: string }, random: Random): Balancer<string> {
  const balancer = zones<string>({ own: 'here', of: () => peakEwma({ random }) })
  const proxies = new Map<unknown, VirtualCandidate>()
  return {
    name: balancer.name,
    update(candidates) {
      proxies.clear()
      const inside = candidates.map((each, at) => {
        const instance = { ...each.instance, ...zoneOf(at) }
        const proxy = new Proxy(each as VirtualCandidate, {
          get: (of, key) => (key === 'instance' ? instance : Reflect.get(of, key)),
        })
        proxies.set(proxy, each as VirtualCandidate)
        return proxy
      })
      balancer.update(inside)
    },
    pick: (ctx, trace) =>
      proxies.get(
        balancer.pick(
          ctx,
          trace && { consider: (each, ...more) => trace.consider(proxies.get(each) as VirtualCandidate, ...more) },
        ),
      ),
  }
}
