// A row that times contenders in short slices by turns: on a machine that is never quiet, only what was measured at almost
// the same moment can be compared.
import { setImmediate } from 'node:timers/promises'
import { collectYoung } from './garbage.ts'
import type { Figure, Row } from './row.ts'
import { median, spread } from './statistics.ts'

/** What is timed. When it returns a promise, that is awaited before the next call. */
export type Call = () => unknown

export interface Contender {
  /** Called once, before anything is timed. */
  prepare(): Call | Promise<Call>
  /** The most calls in a slice, for those that leave something pending behind. @default as many as fill a slice */
  readonly mostCalls?: number | undefined
}

export interface Peer extends Contender {
  /** In lower case. */
  readonly name: string
  /** The ratio that was promised. @default none */
  readonly bar?: number | undefined
}

export interface TimedOptions {
  readonly ours: Contender
  readonly peers: readonly Peer[]
  /** How often everyone is timed once warm. @default 9 */
  readonly rounds?: number | undefined
}

const sliceNs = 75e6
/** Before anyone knows how many calls fill a slice. */
const firstCalls = 100
/** Warming up ends with a round in which nobody's time changed by more than this share, or with the last one. */
const steadyShare = 0.05
const warmUpRounds = { least: 6, most: 20 }

/** Times calls, in nanoseconds. The ratio to a peer is the median of the ratios within each round. */
export function timed(name: string, { ours, peers, rounds = 9 }: TimedOptions): Row {
  return {
    name,
    async run() {
      const lanes: Lane[] = []
      for (const contender of [ours, ...peers]) lanes.push(await Lane.of(contender))
      await warmUp(lanes)
      for (const lane of lanes) lane.times.length = 0
      for (let round = 0; round < rounds; round++) await timeAll(lanes, round)
      const [ownTimes = [], ...peerTimes] = lanes.map((lane) => lane.times)
      const compared = peers.map((peer, i) => {
        const times = peerTimes[i] ?? []
        return {
          name: peers.length === 1 ? name : `${name} ${peer.name}`,
          figure: figure(`${name} ${peer.name}`, times),
          ratio: median(times.map((ns, round) => ns / (ownTimes[round] ?? Number.NaN))),
          bar: peer.bar,
        }
      })
      return { figure: figure(name, ownTimes), compared }
    },
  }
}

function figure(name: string, times: readonly number[]): Figure {
  return { name, value: median(times), unit: 'ns', spread: spread(times) }
}

/** Where one contender runs: with a loop of its own, and as many calls as fill a slice. */
class Lane {
  /** Nanoseconds a call, one for each slice. */
  readonly times: number[] = []
  readonly #call: Call
  readonly #loop: (call: Call, calls: number) => unknown
  readonly #mostCalls: number
  #calls = firstCalls

  private constructor(call: Call, loop: (call: Call, calls: number) => unknown, mostCalls = Infinity) {
    this.#call = call
    this.#loop = loop
    this.#mostCalls = mostCalls
  }

  static async of({ prepare, mostCalls }: Contender): Promise<Lane> {
    const call = await prepare()
    const first = call()
    await first
    const { loop, loopAwaiting } = await freshLoops()
    return new Lane(call, first instanceof Promise ? loopAwaiting : loop, mostCalls)
  }

  /** Times one slice, with the collection of the garbage that it makes. */
  async time(): Promise<void> {
    // Timers and finalizers that others left behind have their turn now.
    await setImmediate()
    const calls = this.#calls
    const startedAt = process.hrtime.bigint()
    const last = this.#loop(this.#call, calls)
    if (last instanceof Promise) await last
    collectYoung()
    const tookNs = Number(process.hrtime.bigint() - startedAt)
    this.times.push(tookNs / calls)
    this.#calls = Math.max(1, Math.min(this.#mostCalls, Math.round((calls * sliceNs) / tookNs)))
  }

  /** Whether the last two slices took about the same time. */
  get steady(): boolean {
    const [before = Number.NaN, last = Number.NaN] = this.times.slice(-2)
    return Math.abs(last / before - 1) <= steadyShare
  }
}

let copies = 0

/** The query makes it another module. */
function freshLoops(): Promise<typeof import('./loop.ts')> {
  return import(`./loop.ts?copy=${copies++}`)
}

async function warmUp(lanes: readonly Lane[]): Promise<void> {
  for (let round = 0; round < warmUpRounds.most; round++) {
    if (round >= warmUpRounds.least && lanes.every((lane) => lane.steady)) return
    await timeAll(lanes, round)
  }
}

/** Times every lane once. Each round begins with another one, so that nobody always runs behind the same. */
async function timeAll(lanes: readonly Lane[], round: number): Promise<void> {
  const start = round % lanes.length
  for (const lane of [...lanes.slice(start), ...lanes.slice(0, start)]) await lane.time()
}
