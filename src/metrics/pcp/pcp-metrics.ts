// Metrics in a file that PCP has mapped into its memory.
import { endianness } from 'node:os'
import { type Clock, systemClock } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import { within } from '../../core/within.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import type { MetricOutline } from '../catalog.ts'
import type { Metrics } from '../metrics.ts'
import { type Push, push } from '../push.ts'
import { type MetricFamily, Registry } from '../registry.ts'
import { suffixesOf } from './columns.ts'
import { type Layout, layoutOf, type Numbering } from './layout.ts'
import { maxNameBytes, mmvBytes } from './mmv-bytes.ts'
import { type Files, MmvFile } from './mmv-file.ts'
import { NameTree } from './name-tree.ts'
import { pcpName } from './pcp-name.ts'
import type { CheckedPcp, PcpOptions } from './pcp-options.ts'
import { ValueSheet } from './value-sheet.ts'

/** How writing goes. */
export interface PcpStats {
  /** How many files there were, one in the place of the other: a new metric or series makes a new one. */
  readonly generations: number
  /** How many times the file could not be written. Nothing is lost: the next time writes what there is then. */
  readonly failures: number
  /** What it could not be written with last; undefined while it could always. */
  readonly lastError: Error | undefined
  /** How many series are not in the file because pmdammv takes 10,000 values and 1,024 metrics of one. */
  readonly leftOut: number
}

/** Metrics in a file for PCP. Disposing them writes what is left, and then takes the file away. */
export interface Pcp extends Metrics, AsyncDisposable {
  readonly stats: PcpStats
  /** Writes what there is. Never rejects. */
  flush(): Promise<void>
}

const longestWriteMs = 5_000
const littleEndian = endianness() === 'LE'

/** Writes values in their places at intervals, and a new file when there are other series than before. */
export class PcpMetrics extends Registry implements Pcp {
  readonly #options: CheckedPcp
  readonly #file: MmvFile
  readonly #clock: Clock
  readonly #push: Push
  readonly #names = new NameTree()
  #sheet: ValueSheet | undefined
  #layout: Layout | undefined
  #families: readonly MetricFamily[] = []
  #generations = 0
  #failures = 0
  #lastError: Error | undefined
  #isWriting = false
  #closing: Promise<void> | undefined

  /** Takes options that `checkedPcp` has looked at. Throws a RangeError for an interval that is none. */
  constructor(options: PcpOptions, checked: CheckedPcp, files: Files) {
    const { clock = systemClock, onCardinalityExceeded, intervalMs = 1_000, onError } = options
    super({ clock, onCardinalityExceeded })
    this.#options = checked
    this.#clock = clock
    this.#file = new MmvFile(checked.path, process.pid, files)
    this.onRegister((metric) => this.#checkName(metric))
    this.#push = push(() => this.#write(), {
      intervalMs,
      jitterRatio: 0,
      timeoutMs: longestWriteMs,
      clock,
      onError: ({ error, failures }) => {
        this.#failures++
        this.#lastError = this.#explained(error)
        if (failures === 1) tell(onError, { path: checked.path, error: this.#lastError })
      },
    })
  }

  get stats(): PcpStats {
    const leftOut = this.#layout?.leftOut ?? 0
    return { generations: this.#generations, failures: this.#failures, lastError: this.#lastError, leftOut }
  }

  async flush(): Promise<void> {
    await (this.#closing ?? this.#push.flush())
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#push[Symbol.asyncDispose]()
    const late = () => new Error('it could not be taken away in time')
    await within(this.#file.remove(), { clock: this.#clock, limitMs: longestWriteMs, late }).catch((error) => {
      this.#failures++
      this.#lastError = this.#explained(error)
    })
  }

  #checkName({ kind, spec }: MetricOutline): void {
    const names = suffixesOf({ kind }).map((suffix) => pcpName(spec.name) + suffix)
    const { version } = this.#options
    const most = maxNameBytes[version]
    const long = names.find((name) => byteLength(name) > most)
    if (long !== undefined)
      throw new TypeError(`metric ${spec.name}: ${long} has more than the ${most} bytes that version ${version} takes`)
    this.#names.add(spec.name, names)
  }

  async #write(): Promise<void> {
    // One that hung was given up, but goes on.
    if (this.#isWriting) throw new Error('the last write still hangs')
    this.#isWriting = true
    try {
      const families = this.collect()
      const owner = await this.#file.owner()
      if (owner === 'others' && this.#sheet !== undefined) throw new Error('it is another one by now')
      if (this.#sheet === undefined || owner === 'nobody' || !areSame(families, this.#families))
        await this.#replace(families)
      else await this.#update()
    } finally {
      this.#isWriting = false
    }
  }

  async #update(): Promise<void> {
    const stretch = this.#sheet?.refresh()
    if (stretch !== undefined) await this.#file.update(this.#sheet?.bytes ?? new Uint8Array(), stretch)
  }

  async #replace(families: readonly MetricFamily[]): Promise<void> {
    const { version, cluster, flags } = this.#options
    const before: Numbering | undefined = this.#layout?.numbering
    const layout = layoutOf(families, { maxNameBytes: maxNameBytes[version], before })
    const generation = this.#generation()
    const header = { version, cluster, flags, process: process.pid, generation, littleEndian }
    const sheet = new ValueSheet(mmvBytes(layout, header), layout, littleEndian)
    sheet.refresh()
    try {
      await this.#file.replace(sheet.bytes)
    } catch (error) {
      // The old one stays as long as there is no new one.
      await this.#update()
      throw error
    }
    this.#generations++
    this.#layout = layout
    this.#sheet = sheet
    this.#families = families
  }

  /** A moment, as libpcp_mmv has it: seconds above, and below what tells two of one second apart. */
  #generation(): bigint {
    const micros = Math.round(this.#clock.wallNow() * 1_000)
    return (BigInt(Math.floor(micros / 1e6)) << 32n) | BigInt(micros % 1e6)
  }

  #explained(error: unknown): Error {
    const { path } = this.#options
    return new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** The list of a family's series is the same one until a series comes or goes. */
function areSame(families: readonly MetricFamily[], others: readonly MetricFamily[]): boolean {
  return families.length === others.length && families.every(({ series }, index) => series === others[index]?.series)
}
