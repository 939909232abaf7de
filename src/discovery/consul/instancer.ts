// Follows a service in Consul.
import { checkNumber } from '../../primitives/check.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'
import { Pace } from '../pace.ts'
import { type ConsulConnectionOptions, checkedConsul } from './connection.ts'
import { healthQueries } from './health-queries.ts'

export type { Instancer } from '../instancer.ts'
export type { RequesterTls } from './connection.ts'

/** What is looked up, and how. */
export interface ConsulInstancerOptions extends InstancerOptions, ConsulConnectionOptions {
  /** Its name in Consul. */
  readonly service: string
  /** Only instances that have all of these. @default none are asked for */
  readonly tags?: readonly string[] | undefined
  /**
   * Only instances all of whose checks pass. Otherwise those that warn have their weight for that, and those that fail have none: they are called when
   * there is no other. @default true
   */
  readonly passingOnly?: boolean | undefined
  /** The datacenter to look in. @default that of the agent */
  readonly datacenter?: string | undefined
  /** How long a query may wait for a change, in milliseconds, from 1_000 to 600_000. Consul adds up to a sixteenth. @default 300_000 */
  readonly waitMs?: number | undefined
  /** How long an answer that waits for nothing may take, in milliseconds; at least 1. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** How far queries are apart, in milliseconds, when the service changes all the time: five may come at once, then one per interval; at least 10. @default 1_000 */
  readonly minQueryIntervalMs?: number | undefined
}

/**
 * Follows a service in Consul. An instance has the address of its service, or else of its node; `<node>/<service id>` as its id; the service's `Meta`
 * as its metadata, of which `zone` (else the node's), `priority` and `weight` become its own; and `Weights.Passing` as its weight otherwise.
 *
 * While the agent cannot be reached, what was known stays; and for `recoveryMs` after that also what an agent that came back without its memory does not know
 * until it has registered again. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function consulInstancer(options: ConsulInstancerOptions): Instancer {
  const { service, datacenter, tags = [], passingOnly = true } = options
  checkText('service', service)
  if (datacenter !== undefined) checkText('datacenter', datacenter)
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string' || tag === ''))
    throw new TypeError('tags must be a list of texts')
  const checked = checkedConsul(options)
  const query = new URLSearchParams(tags.map((tag) => ['tag', tag]))
  if (passingOnly) query.set('passing', '1')
  if (datacenter !== undefined) query.set('dc', datacenter)
  const source = healthQueries(checked, {
    service,
    tags,
    path: `/v1/health/service/${encodeURIComponent(service)}?${query}`,
    waitMs: checkNumber('waitMs', options.waitMs ?? 300_000, { min: 1_000, max: 600_000 }),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs ?? 5_000, { min: 1, max: 2 ** 31 - 1 }),
    pace: paceOf(options.minQueryIntervalMs),
  })
  return instancerFrom(`${service} in ${checked.name}`, source, options)
}

const atOnce = 5

function paceOf(minQueryIntervalMs = 1_000): Pace {
  const limits = { min: 10, max: 2 ** 31 - 1 }
  return new Pace(checkNumber('minQueryIntervalMs', minQueryIntervalMs, limits), atOnce)
}

function checkText(option: string, text: unknown): void {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${option} must be a text`)
}
