// A row about one registry: a thousand instances, of which one changes, again and again.
import { once } from 'node:events'
import type { Instance, Instancer } from 'servicekit/discovery/instancer'
import type { Row } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'
import { Tap } from './tap.ts'

export const service = 'orders'
export const instances = 1_000

/** A real registry with a service in it. */
export interface FilledRegistry extends AsyncDisposable {
  /** What it is, with its version: `Consul 1.13.9`. */
  readonly title: string
  readonly host: string
  readonly port: number
  /** Follows the service through a tap on this port of the same host. */
  instancer(port: number): Instancer
  /** Puts these in, which nobody follows yet. */
  fill(instances: readonly Instance[]): Promise<void>
  /** Replaces one by another that says something else. */
  change(instance: Instance): Promise<void>
}

/** What a row does with it. */
export interface ChangesOptions {
  /** How many changes are timed. @default 100 */
  readonly rounds?: number | undefined
}

const warmUp = 5

const instanceOf = (at: number, version = 0): Instance => ({
  id: `orders-${at}`,
  address: `10.1.${at >> 8}.${at & 255}:8080`,
  metadata: { version: `1.4.${version}`, rack: `r${at % 97}` },
})

/** Times, in microseconds, from the registry's last bytes to the listener that is told of the change. */
export function changes(name: string, open: () => Promise<FilledRegistry>, { rounds = 100 }: ChangesOptions = {}): Row {
  return {
    name,
    async run() {
      await using registry = await open()
      await registry.fill(Array.from({ length: instances }, (_, at) => instanceOf(at)))
      await using tap = await Tap.before(registry.host, registry.port)
      await using instancer = registry.instancer(tap.port)
      const heard = new EventTarget()
      let lateMs = Number.NaN
      instancer.subscribe(({ instances, error }) => {
        lateMs = tap.sinceLastMs
        if (error !== undefined) throw error
        if (instances !== undefined) heard.dispatchEvent(new Event('set'))
      })
      const versionOf = (at: number) =>
        instancer.current.instances?.find(({ address }) => address === instanceOf(at).address)?.metadata?.['version']
      while (instancer.current.instances?.length !== instances) await once(heard, 'set')
      const firstBytes = tap.bytes
      const [times, bytes]: [number[], number[]] = [[], []]
      for (let round = 0; round < rounds + warmUp; round++) {
        const changed = instanceOf((round * 37) % instances, round + 1)
        const before = tap.bytes
        await registry.change(changed)
        while (versionOf((round * 37) % instances) !== changed.metadata?.['version']) await once(heard, 'set')
        times.push(lateMs * 1_000)
        bytes.push(tap.bytes - before)
      }
      const timed = times.slice(warmUp)
      const change = median(bytes.slice(warmUp))
      const verdict = `${kib(firstBytes)} read at first, ${change < 1_024 ? `${change} B` : kib(change)} a change`
      return {
        figure: { name, value: median(timed), unit: 'us', spread: spread(timed), verdict },
        notes: [`${name}: ${registry.title}, ${instances} instances, ${rounds} changes`],
      }
    },
  }
}

const kib = (bytes: number): string => `${Math.round(bytes / 1_024)} KiB`
