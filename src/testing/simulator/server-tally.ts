// What became of calls, as the instances of a server see it: how many arrived, how they ended, and how busy that kept them.
import type { ServiceError } from '../../core/errors.ts'
import type { StationLevels } from './station.ts'
import { Counts, Level, Timeline } from './timeline.ts'

/** How a call ended at the instance it was sent to. */
export type Ending = 'answered' | 'refused' | 'failed' | 'abandoned'

/** What all instances of a server did in a run. */
export interface ServerReport {
  readonly instances: number
  /** Calls that were sent to an instance and came there, dead or alive: the load. */
  readonly arrived: number
  /** How many calls arrived for each one that the loads offered; 0 when they offered none. */
  readonly amplification: number
  readonly answered: number
  /** Not run: a dead instance, a full queue, a policy of the server. */
  readonly refused: number
  /** Any other error, a connection that broke among them. */
  readonly failed: number
  /** Called off by the caller, or past the deadline. */
  readonly abandoned: number
  /** Slots in use, of all instances together, on average. */
  readonly busy: number
  /** Calls that waited for a slot, on average. */
  readonly waiting: number
  /** The share of the slots that were in use, those of dead instances too; 0 where slots have no limit. */
  readonly utilisation: number
  /** How many calls arrived at each instance. */
  readonly arrivedAt: readonly number[]
  /** One value for each interval of the run. */
  readonly intervals: { readonly [K in 'arrived' | Ending | 'busy' | 'waiting']: readonly number[] }
}

/** Counts what arrives at the instances of one server; begins anew with each run. */
export class ServerTally implements StationLevels {
  busy: Level
  waiting: Level
  /** Calls that arrived and have not ended. */
  open = 0
  readonly #slots: number
  #arrived: Counts
  #endings: Readonly<Record<Ending, Counts>>
  #arrivedAt: number[]

  constructor(instances: number, slots: number) {
    const never = new Timeline(0, 1, 1)
    this.busy = new Level(never, 0)
    this.waiting = new Level(never, 0)
    this.#slots = slots * instances
    this.#arrived = new Counts(never)
    this.#endings = endings(never)
    this.#arrivedAt = Array.from({ length: instances }, () => 0)
  }

  begin(timeline: Timeline): void {
    this.busy = new Level(timeline, this.busy.value)
    this.waiting = new Level(timeline, this.waiting.value)
    this.#arrived = new Counts(timeline)
    this.#endings = endings(timeline)
    this.#arrivedAt = this.#arrivedAt.map(() => 0)
  }

  arrive(instance: number, at: number): void {
    this.open++
    this.#arrived.add(at)
    this.#arrivedAt[instance] = (this.#arrivedAt[instance] as number) + 1
  }

  end(ending: Ending, at: number): void {
    this.open--
    this.#endings[ending].add(at)
  }

  report(offered: number): ServerReport {
    const { answered, refused, failed, abandoned } = this.#endings
    const busy = this.busy.mean
    return {
      instances: this.#arrivedAt.length,
      arrived: this.#arrived.total,
      amplification: offered === 0 ? 0 : this.#arrived.total / offered,
      answered: answered.total,
      refused: refused.total,
      failed: failed.total,
      abandoned: abandoned.total,
      busy,
      waiting: this.waiting.mean,
      utilisation: busy / this.#slots,
      arrivedAt: this.#arrivedAt,
      intervals: {
        arrived: this.#arrived.intervals,
        answered: answered.intervals,
        refused: refused.intervals,
        failed: failed.intervals,
        abandoned: abandoned.intervals,
        busy: this.busy.intervals,
        waiting: this.waiting.intervals,
      },
    }
  }
}

/** What an error says of how its call ended. */
export function endingOf({ code, retry }: ServiceError): Ending {
  if (code === 'canceled' || code === 'deadline_exceeded') return 'abandoned'
  return retry === 'safe' ? 'refused' : 'failed'
}

function endings(timeline: Timeline): Readonly<Record<Ending, Counts>> {
  return {
    answered: new Counts(timeline),
    refused: new Counts(timeline),
    failed: new Counts(timeline),
    abandoned: new Counts(timeline),
  }
}
