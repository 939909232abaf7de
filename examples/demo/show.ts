// The show: the stage is set, the story is played under load, and the audience sees what comes of it.
import { circuitsIn } from './circuits.ts'
import type { Load } from './driver.ts'
import { type Column, inLines, table } from './layout.ts'
import { recentMs } from './reports.ts'
import type { Screen } from './screen.ts'
import type { Stage } from './stage.ts'
import { callsPerSecond, leastCalls, story } from './story.ts'
import { type Event, grouped, inWords, milliseconds, percent } from './words.ts'

/** What it came to. */
export interface Summary {
  readonly calls: number
  readonly failed: number
  /** Attempts of the proxy beyond the first. */
  readonly retried: number
  /** From the moment that each call was due. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly instances: readonly {
    readonly id: string
    readonly calls: number
    readonly share: number
    readonly failed: number
    readonly retries: number
    readonly state: string
  }[]
  readonly events: readonly (Event & { readonly text: string })[]
}

/** What is said while the stage is set. */
export const setting = 'starting a proxy and three instances of the string service, each a process of its own'

/** What is said when it is. */
export function opening({ url }: Stage): string {
  return `the proxy is at ${url}; ${callsPerSecond} calls a second go to it from now on`
}

const redrawEveryMs = 250

/** Plays the story on a stage that is set. */
export async function show(stage: Stage, screen: Screen): Promise<Summary> {
  stage.driver.start(callsPerSecond)
  const watch = new Watch(stage, screen)
  let events: readonly Event[]
  try {
    events = await story(stage, (text) => screen.say(text, watch.gutter))
    await stage.driver.stop()
  } finally {
    watch[Symbol.dispose]()
  }
  // The proxy reports five times a second: the last one has all calls.
  const { at } = stage.reports.last
  await stage.reports.until(() => stage.reports.last.at > at + redrawEveryMs, 2_000)
  return summaryOf(stage, events)
}

/** Whether a summary is what was promised. */
export function isKept({ calls, failed }: Summary): boolean {
  return failed === 0 && calls >= leastCalls
}

// Where there is no room for more.
const shortOf: Readonly<Record<string, string>> = { there: 'up', 'circuit open': 'open', 'circuit half open': 'half' }

/** A summary as lines of some columns. */
export function tableOf({ instances, ...summary }: Summary, columns: number): string[] {
  const column = (title: string, cell: (instance: (typeof instances)[number]) => string, left = false) =>
    ({ title, cells: instances.map(cell), left }) satisfies Column
  const { calls, failed, retried, p50Ms, p99Ms, maxMs } = summary
  return [
    ...table(
      [
        column('instance', ({ id }) => id, true),
        column('calls', (instance) => grouped(instance.calls)),
        column('share', ({ share }) => percent(share)),
        column('failed there', (instance) => grouped(instance.failed)),
        column('retried here', ({ retries }) => grouped(retries)),
        {
          ...column('in the end', ({ state }) => state, true),
          short: column('end', ({ state }) => shortOf[state] ?? state, true),
        },
      ],
      columns,
    ),
    '',
    ...inLines(
      [
        `p50 ${milliseconds(p50Ms)}`,
        `p99 ${milliseconds(p99Ms)}`,
        `longest ${milliseconds(maxMs)},`,
        'each from when the call was due',
      ],
      columns,
    ),
    ...inLines(
      [`${grouped(failed)} failed calls of ${grouped(calls)},`, `${grouped(retried)} retried by the proxy`],
      columns,
    ),
  ]
}

/** Shows how it goes, until it is disposed. */
export class Watch implements Disposable {
  readonly #stage: Stage
  readonly #screen: Screen
  readonly #timer: NodeJS.Timeout
  readonly #startedAt: number = performance.now()
  #measuredAt: number = this.#startedAt
  #load: Load | undefined

  constructor(stage: Stage, screen: Screen) {
    this.#stage = stage
    this.#screen = screen
    this.#timer = setInterval(() => this.#show(), redrawEveryMs)
  }

  /** How long it goes on, to stand before what is told. */
  get gutter(): string {
    return `${((performance.now() - this.#startedAt) / 1_000).toFixed(1).padStart(4)} s  `
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#screen.clear()
  }

  #show(): void {
    const { driver, reports } = this.#stage
    const now = performance.now()
    if (now - this.#measuredAt >= recentMs) {
      this.#measuredAt = now
      this.#load = driver.recent()
    }
    if (this.#load === undefined) return
    const { perSecond, p50Ms, p99Ms } = this.#load
    const shares = reports.shares(recentMs)
    this.#screen.status([
      `${this.gutter.trim()}`,
      `${Math.round(perSecond)} calls/s`,
      `${grouped(driver.sent)} sent`,
      `${driver.failed} failed`,
      `${reports.last.retries} retried`,
      `p50 ${milliseconds(p50Ms)}`,
      `p99 ${milliseconds(p99Ms)}`,
      ...reports.last.instances.map(
        ({ id, leftAt }) => `${id} ${leftAt === undefined ? percent(shares.get(id) ?? 0) : 'gone'}`,
      ),
      ...circuitsIn(reports.last),
    ])
  }
}

function summaryOf({ driver, reports }: Stage, events: readonly Event[]): Summary {
  const { calls, failed, p50Ms, p99Ms, maxMs } = driver.total()
  const { instances, retries: retried } = reports.last
  const all = instances.reduce((sum, instance) => sum + instance.calls, 0)
  return {
    calls,
    failed,
    retried,
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    maxMs: rounded(maxMs),
    instances: instances.map(({ id, leftAt, circuit, ...counts }) => ({
      id,
      calls: counts.calls,
      share: rounded(counts.calls / all),
      failed: counts.failed,
      retries: counts.retries,
      state: leftAt !== undefined ? 'gone' : circuit === 'closed' ? 'there' : `circuit ${circuit.replace('_', ' ')}`,
    })),
    events: events.map((event) => ({ ...event, text: inWords(event) })),
  }
}

/** To hundredths. */
function rounded(number: number): number {
  return Math.round(number * 100) / 100
}
