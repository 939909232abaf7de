// What the backend for InfluxDB can be told, and what of it makes no sense.
import { type CredentialOptions, checkedCredentials } from '../../platform/credentials.ts'
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { PushedOptions } from '../pushed-metrics.ts'
import type { Registry, RegistryOptions } from '../registry.ts'
import type { BatchLimits } from './batches.ts'
import type { InfluxLineOptions } from './influx-lines.ts'

/** Where metrics go, how often, and what they are called there. One of `database` and `bucket` is given. */
export interface InfluxOptions
  extends PushedOptions,
    Pick<HttpServiceOptions, 'url' | 'tls'>,
    CredentialOptions,
    Pick<RegistryOptions, 'onCardinalityExceeded'> {
  /** Where it listens. @default 'http://127.0.0.1:8086' */
  readonly url?: HttpServiceOptions['url']
  /** The database, of the write API of version 1. */
  readonly database?: string | undefined
  /** The retention policy of the database. @default its default one */
  readonly retentionPolicy?: string | undefined
  /** The bucket, of the write API of version 2. */
  readonly bucket?: string | undefined
  /** The organization of the bucket. @default none, which not all take */
  readonly organization?: string | undefined
  /** Goes as `Authorization: Token`; asked for before each request where it is a function. @default none */
  readonly token?: HttpServiceOptions['token']
  /** Stands before the name of each measurement as it is. @default '' */
  readonly prefix?: string | undefined
  /** Tags of every point, such as the host. @default none */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Whether histograms have `le_<bound>` too: how many values were up to each of their bounds. @default false */
  readonly buckets?: boolean | undefined
  /** Whether bodies are compressed. @default true */
  readonly gzip?: boolean | undefined
  /** How many lines one request has at most. @default 5_000 */
  readonly maxBatchLines?: number | undefined
  /** How many bytes one request has at most, before it is compressed. @default 1_000_000 */
  readonly maxBatchBytes?: number | undefined
  /** Where the metrics are kept; those made on it directly are sent too. @default a new one */
  readonly registry?: Registry | undefined
}

/** The form of what only InfluxDB can be told. */
export interface CheckedInflux {
  readonly service: CheckedHttpService
  /** With its parameters, percent-encoded. */
  readonly path: string
  readonly limits: BatchLimits
  readonly lines: InfluxLineOptions
}

/** Throws a RangeError or TypeError that names the option, and never says a secret. */
export function checkedInflux(options: InfluxOptions): CheckedInflux {
  const { url, tls, clock, prefix = '', tags = {}, maxBatchLines, maxBatchBytes } = options
  const { token, authorization } = checkedCredentials(options, 'Token')
  const service = checkedHttpService(
    { url, token, tls, clock },
    { kind: 'influxdb', defaultUrl: 'http://127.0.0.1:8086', authorization },
  )
  if (typeof prefix !== 'string') throw new TypeError(`prefix must be a text, but is ${typeof prefix}`)
  if (typeof tags !== 'object' || tags === null) throw new TypeError('tags must be texts by names')
  for (const [name, value] of Object.entries(tags)) {
    if (name === '' || typeof value !== 'string')
      throw new TypeError(`tags must be texts by names, but ${JSON.stringify(name)} is ${typeof value}`)
  }
  return {
    service,
    path: writePath(options),
    limits: {
      maxLines: checkNumber('maxBatchLines', maxBatchLines ?? 5_000, { min: 1, max: 1_000_000, integer: true }),
      maxBytes: checkNumber('maxBatchBytes', maxBatchBytes ?? 1_000_000, { min: 1_000, max: 2 ** 28, integer: true }),
    },
    lines: { prefix, tags, buckets: options.buckets ?? false },
  }
}

function writePath({ database, retentionPolicy, bucket, organization }: InfluxOptions): string {
  if ((database === undefined) === (bucket === undefined))
    throw new TypeError('one of database, for version 1, and bucket, for version 2, must be given')
  if (database !== undefined && organization !== undefined) throw new TypeError('organization goes with bucket')
  if (bucket !== undefined && retentionPolicy !== undefined) throw new TypeError('retentionPolicy goes with database')
  const given = { db: database, rp: retentionPolicy, org: organization, bucket }
  const named = Object.entries(given).filter(([, value]) => value !== undefined) as [string, string][]
  for (const [, value] of named) {
    if (typeof value !== 'string' || value === '')
      throw new TypeError('database, retentionPolicy, bucket and organization must be texts that are not empty')
  }
  return `${database === undefined ? '/api/v2/write' : '/write'}?${new URLSearchParams([...named, ['precision', 'ns']])}`
}
