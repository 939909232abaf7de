// Looks a service up in Consul: blocking queries on its health endpoint, which return when something has changed.
import { ServiceError } from '../../core/errors.ts'
import { HttpService } from '../../platform/http-service.ts'
import type { CheckedHttpService } from '../../platform/http-service-options.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Instance } from '../instance.ts'
import { type Instancer, type InstancerOptions, type InstanceSource, instancerFrom } from '../instancer.ts'
import { Pace } from '../pace.ts'
import { pause } from '../pause.ts'
import { type ConsulConnectionOptions, checkedConsul } from './connection.ts'
import { instancesIn } from './instances-in.ts'

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

/** What one lookup asks for. */
interface HealthQuery {
  readonly service: string
  readonly tags: readonly string[]
  readonly path: string
  readonly waitMs: number
  readonly timeoutMs: number
  readonly pace: Pace
}

const atOnce = 5
// An entry with its checks has some 1.5 kB.
const maxReplyBytes = 64 * 1024 * 1024

/**
 * One query after the other, each from the index of the one before, by the rules of Consul's documentation ("Blocking Queries"). Begun again after a
 * failure it asks for all: what an index of before is worth to an agent that has restarted, nobody knows.
 */
function healthQueries(checked: CheckedHttpService, query: HealthQuery): InstanceSource {
  const { clock } = checked
  const { path, waitMs, timeoutMs, pace } = query
  return async function* (signal) {
    await using connection = new HttpService(checked)
    for (let index = 0; ; ) {
      const delayMs = pace.take(clock.now())
      if (delayMs > 0) await pause(clock, delayMs, signal)
      const isBlocking = index > 0
      const reply = await connection.ask(isBlocking ? `${path}&index=${index}&wait=${Math.round(waitMs)}ms` : path, {
        signal,
        limitMs: isBlocking ? (waitMs * 17) / 16 + timeoutMs : timeoutMs,
        maxReplyBytes,
        // Whoever has nothing to do but to wait for a change has nothing to do.
        background: isBlocking,
      })
      const next = indexAfter(index, reply.headers.get('x-consul-index') ?? '')
      const instances = readReply(checked.name, () => instancesIn(reply.body, query))
      if (instances.length === 0 && reply.headers.get('x-consul-results-filtered-by-acls') === 'true')
        throw hidden(checked.name, query.service)
      yield instances
      index = next
    }
  }

  function indexAfter(index: number, text: string): number {
    const next = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(next))
      throw new ServiceError('internal', `${checked.name} sent no X-Consul-Index: is this the URL of a Consul agent?`)
    // With 0 a query would not wait; 1 is an index that nothing can still have.
    if (next < 1) return 1
    // Indexes go back when a snapshot is restored, or after a loss of memory: then all is asked for.
    return next < index ? 0 : next
  }
}

function paceOf(minQueryIntervalMs = 1_000): Pace {
  const limits = { min: 10, max: 2 ** 31 - 1 }
  return new Pace(checkNumber('minQueryIntervalMs', minQueryIntervalMs, limits), atOnce)
}

function readReply(name: string, read: () => readonly Instance[]): readonly Instance[] {
  try {
    return read()
  } catch (thrown) {
    throw new ServiceError('internal', `${name}: ${(thrown as Error).message}`, { cause: thrown })
  }
}

/** An empty list that is none must not take away what is known. */
function hidden(name: string, service: string): ServiceError {
  const text = `${name} hides all instances of ${service}: the token needs service:read and node:read`
  return new ServiceError('permission_denied', text)
}

function checkText(option: string, text: unknown): void {
  if (typeof text !== 'string' || text === '') throw new TypeError(`${option} must be a text`)
}
