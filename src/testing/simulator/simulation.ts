// Services under load on virtual time: real clients, servers and policies, instances that are slow, fail and die, and the same bytes for the same seed.

import { tell } from '../../core/tell.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Random, seededRandom } from '../../primitives/random.ts'
import { ManualClock } from '../manual-clock.ts'
import type { ClientTally } from './client-tally.ts'
import { drive } from './drive.ts'
import { Load, type LoadOptions } from './load.ts'
import { SimulationReport } from './report.ts'
import { SimulatedServer, type SimulatedServerOptions, type World } from './server.ts'
import type { ServerTally } from './server-tally.ts'
import { Timeline } from './timeline.ts'

export type { CallReport } from './call-tally.ts'
export type { ClientReport } from './client-tally.ts'
export {
  constant,
  type Distribution,
  exponential,
  logNormal,
  type MixturePart,
  mixture,
  slowTail,
  uniform,
} from './distribution.ts'
export type { Latency } from './durations.ts'
export type { ServerUse, SimulatedInstance } from './instance.ts'
export type { LoadOptions, LoadReport } from './load.ts'
export type { PickOrder } from './pick.ts'
export type { SimulationReport } from './report.ts'
export type { SimulatedCall, SimulatedClientOptions, SimulatedServer, SimulatedServerOptions } from './server.ts'
export type { ServerReport } from './server-tally.ts'
export type { SimulationData } from './simulation-data.ts'
export type { Abandons } from './station.ts'

/** How a simulation is run. */
export interface SimulationOptions {
  /** All chance comes from it. @default 1 */
  readonly seed?: number | string | undefined
  /** How long the intervals are that a report is made of, in milliseconds; at least 1. @default 1_000 */
  readonly intervalMs?: number | undefined
  /** A run has come further, by at least an interval: for runs that take long. @default nothing */
  readonly onProgress?: ((event: SimulationProgress) => void) | undefined
  /** How many events share a turn of the event loop, at least 1; they happen alike whatever it is. @default 64 */
  readonly eventsPerTurn?: number | undefined
}

/** How far a run has come. */
export interface SimulationProgress {
  /** In milliseconds of virtual time. */
  readonly at: number
  /** Where the run will end. */
  readonly untilAt: number
}

/** Begins at the virtual time 0. Throws a RangeError for an option out of its range. */
export function simulation(options?: SimulationOptions): Simulation {
  return new Simulation(options)
}

/** A world of its own: its time, its chance, its servers and who calls them. */
export class Simulation {
  /** For policies and whatever else takes a clock. */
  readonly clock: ManualClock = new ManualClock()
  readonly seed: number | string
  readonly #options: SimulationOptions
  readonly #intervalMs: number
  readonly #chances = new Map<string, Random>()
  readonly #servers = new Map<string, ServerTally>()
  readonly #clients = new Map<string, ClientTally>()
  readonly #loads = new Map<string, Load>()
  /** Actions that have not come yet. */
  #actions = 0
  #isRunning = false
  readonly #world: World = {
    clock: this.clock,
    random: (name) => this.random(name),
    addServer: (name, tally) => add('server', this.#servers, name, tally),
    addClient: (name, tally) => add('client', this.#clients, name, tally),
  }

  constructor(options: SimulationOptions = {}) {
    this.seed = options.seed ?? 1
    this.#options = options
    this.#intervalMs = checkNumber('intervalMs', options.intervalMs ?? 1_000, { min: 1, max: Number.MAX_SAFE_INTEGER })
    checkNumber('eventsPerTurn', options.eventsPerTurn ?? 1, { min: 1, max: 1_000_000, integer: true })
  }

  /**
   * Chance for whatever has an option `random`: policies that are left with the platform's own make every run another one. Each
   * name has draws of its own, so that one more part leaves those of the others as they were; the same name gives the same generator.
   */
  random(name: string): Random {
    const random = this.#chances.get(name) ?? seededRandom(`${this.seed} ${name}`)
    this.#chances.set(name, random)
    return random
  }

  /** Adds a service. Throws a TypeError or RangeError when the name is taken or an option makes no sense. */
  server(name: string, options: SimulatedServerOptions = {}): SimulatedServer {
    return new SimulatedServer(name, this.#world, options)
  }

  /** Adds callers. Throws as `server` does. */
  load(name: string, options: LoadOptions): void {
    const load = new Load(options, this.clock, (part) => this.random(`load ${name} ${part}`))
    add('load', this.#loads, name, load)
    load.start()
  }

  /** Does something at a moment of virtual time: kills an instance, changes a policy. What it throws ends the run. */
  at(atMs: number, action: () => void): void {
    checkNumber('atMs', atMs, { min: 0, max: Number.MAX_SAFE_INTEGER })
    this.#actions++
    const run = () => {
      this.#actions--
      action()
    }
    this.clock.scheduleAt(atMs, { run })
  }

  /**
   * Moves on by that much virtual time, and reports what happened in it; the next run goes on from there. Rejects with what
   * an action throws, and with an Error while another run is under way.
   */
  async run(ms: number): Promise<SimulationReport> {
    checkNumber('ms', ms, { min: 1, max: Number.MAX_SAFE_INTEGER })
    if (this.#isRunning) throw new Error('the simulation is running already')
    this.#isRunning = true
    const now = this.clock.now()
    const timeline = new Timeline(now, now + ms, this.#intervalMs)
    for (const parts of [this.#servers, this.#clients, this.#loads])
      for (const part of parts.values()) part.begin(timeline)
    try {
      await drive(this.clock, timeline.untilAt, {
        eventsPerTurn: this.#options.eventsPerTurn,
        onTurn: this.#progress(timeline),
      })
    } finally {
      this.#isRunning = false
    }
    return this.#report(timeline)
  }

  #progress(timeline: Timeline): (() => void) | undefined {
    const { onProgress } = this.#options
    if (onProgress === undefined) return undefined
    let told = 0
    return () => {
      const at = this.clock.now()
      if (timeline.indexAt(at) <= told) return
      told = timeline.indexAt(at)
      tell(onProgress, { at, untilAt: timeline.untilAt })
    }
  }

  #report({ fromAt, untilAt, intervalMs }: Timeline): SimulationReport {
    const loads = [...this.#loads.values()]
    const offered = loads.reduce((sum, load) => sum + load.offered, 0)
    const own = loads.reduce((sum, load) => sum + load.timers, this.#actions)
    return new SimulationReport({
      seed: this.seed,
      fromMs: fromAt,
      untilMs: untilAt,
      intervalMs,
      loads: reports(this.#loads, (load) => load.report),
      servers: reports(this.#servers, (server) => server.report(offered)),
      clients: reports(this.#clients, (client) => client.report),
      pending: {
        calls: loads.reduce((sum, load) => sum + load.open, 0),
        served: [...this.#servers.values()].reduce((sum, { open }) => sum + open, 0),
        timers: this.clock.pending - own,
      },
    })
  }
}

function reports<Part, Report>(parts: ReadonlyMap<string, Part>, of: (part: Part) => Report): Record<string, Report> {
  return Object.fromEntries([...parts].map(([name, part]) => [name, of(part)]))
}

function add<Part>(what: string, parts: Map<string, Part>, name: string, part: Part): void {
  if (typeof name !== 'string' || name === '') throw new TypeError(`a ${what} must have a name`)
  if (parts.has(name)) throw new TypeError(`there is a ${what} named ${name} already`)
  parts.set(name, part)
}
