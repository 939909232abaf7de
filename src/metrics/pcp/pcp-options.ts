// What the file for PCP can be told, and what of it makes no sense.
import { join, resolve } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { checkNumber, checkOneOf } from '../../primitives/check.ts'
import { murmur3 } from '../../primitives/murmur3.ts'
import type { CardinalityExceeded } from '../catalog.ts'

/** The file cannot be written. */
export interface PcpFailure {
  readonly path: string
  /** Its message says path and reason; its cause is the error of the platform. */
  readonly error: Error
}

/** Which file, and how it is written. */
export interface PcpOptions {
  /** The name of the file, and of the branch below `mmv.` that its metrics are on: letters, digits and `_`, first a letter; at most 63. Each process has its own. */
  readonly name: string
  /** Where pmdammv looks: `mmv` in the `PCP_TMP_DIR` of /etc/pcp.conf. It must be there. @default '/var/lib/pcp/tmp/mmv' */
  readonly folder?: string | undefined
  /** Of the format: 1 has names up to 63 bytes, 2 up to 255, and wants PCP 3.11.4 or later. @default 2 */
  readonly version?: 1 | 2 | undefined
  /**
   * Tells the metrics of this file from those of others, from 1 to 4095: its numbers are in all archives, and two programs on a host must not have the
   * same. @default made of the name
   */
  readonly cluster?: number | undefined
  /** Whether the name of the file is in the names of metrics: `mmv.shop.calls`, or else `mmv.calls`. @default true */
  readonly nameInMetrics?: boolean | undefined
  /** Whether values are shown only while this process runs. Not for a process that pmdammv cannot see, as in a container. @default true */
  readonly whileRunning?: boolean | undefined
  /** How often values are written, in milliseconds. @default 1_000 */
  readonly intervalMs?: number | undefined
  /** Told when the file cannot be written, and then not before it could be. @default nothing: `stats` has it */
  readonly onError?: ((event: PcpFailure) => void) | undefined
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Options that were looked at. */
export interface CheckedPcp {
  readonly path: string
  readonly version: 1 | 2
  readonly cluster: number
  /** As in the header of the file. */
  readonly flags: number
}

const nameForm = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const mostClusters = 4_095
// `MMV_FLAG_NOPREFIX` and `MMV_FLAG_PROCESS`.
const noPrefix = 1
const processFlag = 2

/** Looks at what only PCP can be told. Throws a RangeError or TypeError that names the option. */
export function checkedPcp(options: PcpOptions): CheckedPcp {
  const { name, folder = '/var/lib/pcp/tmp/mmv', version = 2, nameInMetrics = true, whileRunning = true } = options
  if (typeof name !== 'string' || !nameForm.test(name))
    throw new TypeError(
      `name must be up to 63 letters, digits and _, and begin with a letter, but is ${JSON.stringify(name)}`,
    )
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw new TypeError(`folder must be a path, but is ${JSON.stringify(folder)}`)
  checkOneOf('version', version, [1, 2])
  for (const [option, value] of Object.entries({ nameInMetrics, whileRunning }))
    if (typeof value !== 'boolean') throw new TypeError(`${option} must be true or false`)
  const cluster = options.cluster ?? 1 + (murmur3(name) % mostClusters)
  checkNumber('cluster', cluster, { min: 1, max: mostClusters, integer: true })
  const flags = (nameInMetrics ? 0 : noPrefix) | (whileRunning ? processFlag : 0)
  return { path: join(resolve(folder), name), version, cluster, flags }
}
