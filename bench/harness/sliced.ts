// What all rows share whose contenders are processes: they work in short slices by turns, and are judged by the CPU that they take.
import { Contender } from './contender.ts'
import { unpinned } from './cores.ts'
import { NotHere, type Program } from './program.ts'
import type { Figure, RowResult } from './row.ts'
import { median, spread } from './statistics.ts'

export interface Side {
  /** Called once; a peer's throws `NotHere` when it cannot run on this machine. */
  program(): Program
}

export interface PeerSide extends Side {
  /** In lower case. */
  readonly name: string
  /** The ratio that was promised. @default none */
  readonly bar?: number | undefined
}

/** What one contender did in one slice. */
export interface Slice {
  readonly units: number
  readonly cpuUs: number
  readonly seconds: number
}

export interface SlicedOptions {
  readonly ours: Side
  readonly peers: readonly PeerSide[]
  /** What is counted, in the singular. @default 'call' */
  readonly unit?: string | undefined
  /** In the first rounds code is compiled and connections are made: they count for nothing. */
  readonly rounds: { readonly warmUp: number; readonly measured: number }
  /** Throws when a contender does not do its job. Called once for each, before anything is measured. */
  verify(contender: Contender): Promise<void>
  work(contender: Contender): Promise<Slice>
  /** What else is to be known about the row. @default nothing */
  readonly notes?: readonly string[] | undefined
}

/** Keeps every contender up all the while. The ratio to a peer is the median of the ratios within each round. */
export async function sliced(name: string, options: SlicedOptions): Promise<RowResult> {
  const { ours, peers, unit = 'call', rounds, verify, work } = options
  const notes = [...(options.notes ?? []), ...(unpinned === undefined ? [] : [unpinned])]
  const lanes: Lane[] = []
  try {
    const enter = async (side: PeerSide, program: Program) => {
      const contender = await Contender.start(program, 'measured')
      lanes.push({ side, contender, slices: [] })
      await verify(contender)
    }
    await enter({ name, ...ours }, ours.program())
    for (const peer of peers) {
      const program = programOf(peer, notes)
      if (program !== undefined) await enter(peer, program)
    }
    for (let round = 0; round < rounds.warmUp + rounds.measured; round++) await workAll(lanes, round, work)
  } finally {
    for (const { contender } of lanes) await contender.stop()
  }
  for (const { slices } of lanes) slices.splice(0, rounds.warmUp)
  const [own, ...others] = lanes
  const compared = others.map(({ side, slices }) => ({
    name: `${name} ${side.name}`,
    figure: figure(`${name} ${side.name}`, slices, unit),
    ratio: median(slices.map((slice, round) => cpuOf(slice) / cpuOf(own?.slices[round]))),
    bar: side.bar,
  }))
  return { figure: figure(name, own?.slices ?? [], unit), compared, notes }
}

interface Lane {
  readonly side: PeerSide
  readonly contender: Contender
  readonly slices: Slice[]
}

function programOf({ name, program }: PeerSide, notes: string[]): Program | undefined {
  try {
    const found = program()
    if (found.note !== undefined) notes.push(`${name}: ${found.note}`)
    return found
  } catch (error) {
    if (!(error instanceof NotHere)) throw error
    notes.push(`${name} is left out: ${error.message}`)
    return undefined
  }
}

/** Each round begins with another one, so that nobody always runs behind the same. */
async function workAll(lanes: readonly Lane[], round: number, work: SlicedOptions['work']): Promise<void> {
  const start = round % lanes.length
  for (const { contender, slices } of [...lanes.slice(start), ...lanes.slice(0, start)]) {
    slices.push(await work(contender))
  }
}

function figure(name: string, slices: readonly Slice[], unit: string): Figure {
  const times = slices.map(cpuOf)
  const perSecond = median(slices.map(({ units, seconds }) => units / seconds))
  return { name, value: median(times), unit: `us of CPU a ${unit}`, spread: spread(times), perSecond }
}

function cpuOf(slice: Slice | undefined): number {
  return slice === undefined ? Number.NaN : slice.cpuUs / slice.units
}
