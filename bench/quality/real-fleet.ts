// The same small fleet as processes that wait, called over HTTP by another process.
import { Contender } from '../harness/contender.ts'
import { unpinned } from '../harness/cores.ts'
import { nodeProgram } from '../harness/program.ts'
import { meanMs, slots } from '../servers/waits.ts'

const instances = 4
const utilisation = 0.35
/** Calls a second. */
export const rate = (utilisation * instances * slots * 1_000) / meanMs

/** What instances are told to be like: the first ones are in trouble. */
export interface Trouble {
  readonly count: number
  /** How many times as long their calls take. @default 1 */
  readonly factor?: number | undefined
  /** Which share of their calls fails at once. @default 0 */
  readonly failRatio?: number | undefined
}

/** What became of the calls of a run. */
export interface RealPlayed {
  readonly calls: number
  readonly failed: number
  /** In milliseconds, of all calls, from the moment they were due. */
  readonly p50: number
  readonly p99: number
  /** How late the driver itself made a call at most, in milliseconds. */
  readonly latestMs: number
  /** Which share of the calls that arrived did so at those in trouble. */
  readonly troubledShare: number
}

/** The fleet and who calls it. */
export class RealFleet implements AsyncDisposable {
  readonly note: string =
    `calls wait for ${meanMs} ms on average and take no CPU: ${rate} a second are ${utilisation * 100} % of the slots; ${unpinned ?? 'the driver has one core, all instances the other'}`
  readonly #servers: readonly Contender[]
  readonly #driver: Contender

  private constructor(servers: readonly Contender[], driver: Contender) {
    this.#servers = servers
    this.#driver = driver
  }

  static async start(): Promise<RealFleet> {
    const servers: Contender[] = []
    for (let at = 0; at < instances; at++)
      servers.push(await Contender.start(nodeProgram('servers/waiting.ts'), 'other'))
    const addresses = servers.map(({ hello }) => String(hello['address']))
    const driver = await Contender.start(nodeProgram('clients/open-loop.ts', ...addresses), 'measured')
    return new RealFleet(servers, driver)
  }

  /** Has a client that knows nothing call for `aheadMs`, which does not count, and then for `ms`. */
  async play({ count, factor = 1, failRatio = 0 }: Trouble, aheadMs: number, ms: number): Promise<RealPlayed> {
    const well = JSON.stringify({ factor: 1, failRatio: 0 })
    const troubled = JSON.stringify({ factor, failRatio })
    for (const [at, server] of this.#servers.entries()) await server.ask('be', at < count ? troubled : well)
    await this.#driver.ask('renew')
    const ahead = aheadMs > 0 ? await this.#run(aheadMs) : undefined
    if (aheadMs > 0) await this.#arrived()
    const { calls = 0, failed = 0, p50 = 0, p99 = 0, latestMs = 0 } = await this.#run(ms)
    const arrived = await this.#arrived()
    const all = arrived.reduce((sum, each) => sum + each, 0)
    const atTroubled = arrived.slice(0, count).reduce((sum, each) => sum + each, 0)
    return { calls, failed: failed + (ahead?.['failed'] ?? 0), p50, p99, latestMs, troubledShare: atTroubled / all }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.#driver, ...this.#servers]) await each.stop()
  }

  #run(ms: number): Promise<Record<string, number>> {
    return this.#driver.ask('run', JSON.stringify({ perSecond: rate, ms }))
  }

  async #arrived(): Promise<number[]> {
    return await Promise.all(this.#servers.map(async (server) => (await server.ask('calls'))['calls'] ?? 0))
  }
}
