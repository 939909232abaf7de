// The check that Consul is given with a service, by which it knows whether it is alive.
import { checkNumber } from '../../primitives/check.ts'

/** This process says that it is alive, three times in each `ttlMs`. */
export interface ConsulTtlCheck {
  /** After how long without a word the service is critical, in milliseconds; at least 100. @default 15_000 */
  readonly ttlMs?: number | undefined
  /** How long the service is critical until Consul forgets it, in milliseconds: at least 60_000, which Consul looks at every 30 s; Infinity for never. @default 60_000 */
  readonly deregisterAfterMs?: number | undefined
}

/** The agent asks the service, whose status of 2xx is a pass and 429 a warning. */
export interface ConsulHttpCheck {
  /** A path on the address of the instance, by plain HTTP, or a whole URL. */
  readonly http: string
  /** How often, in milliseconds; at least 1_000. @default 10_000 */
  readonly intervalMs?: number | undefined
  /** How long an answer may take, in milliseconds; at least 1. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** As with a TTL. @default 60_000 */
  readonly deregisterAfterMs?: number | undefined
}

/** What is true of an instance while its registration lives. */
export type ConsulCheck = ConsulTtlCheck | ConsulHttpCheck

/** A check in Consul's words, but for what depends on the instance. */
export interface CheckDefinition {
  readonly TTL?: string
  readonly HTTP?: string
  readonly Interval?: string
  readonly Timeout?: string
  readonly DeregisterCriticalServiceAfter?: string
  readonly Status: 'passing'
}

/** How an instance is checked. */
export interface CheckedCheck {
  /** How often it must be renewed, in milliseconds; undefined where the agent asks by itself. */
  readonly renewEveryMs: number | undefined
  definition(address: string): CheckDefinition
}

/** Throws a RangeError or TypeError that names the option. */
export function checkedCheck(check: ConsulCheck): CheckedCheck {
  if (typeof check !== 'object' || check === null)
    throw new TypeError('check must be like { ttlMs: 15_000 } or { http: "/livez" }, or false')
  const { deregisterAfterMs = 60_000 } = check
  checkNumber('check.deregisterAfterMs', deregisterAfterMs, { min: 60_000 })
  const after = deregisterAfterMs === Infinity ? {} : { DeregisterCriticalServiceAfter: goDuration(deregisterAfterMs) }
  // It registers when it is ready; a critical beginning would last until the first check.
  const common = { ...after, Status: 'passing' } as const
  if (!('http' in check)) {
    const ttlMs = checkNumber('check.ttlMs', check.ttlMs ?? 15_000, { min: 100, max: 2 ** 31 - 1 })
    return { renewEveryMs: ttlMs / 3, definition: () => ({ TTL: goDuration(ttlMs), ...common }) }
  }
  const { http, intervalMs = 10_000, timeoutMs = 5_000 } = check
  if (typeof http !== 'string' || !/^(?:\/|https?:\/\/[^/])/.test(http))
    throw new TypeError(`check.http must be a path or a URL, but is ${JSON.stringify(http)}`)
  const Interval = goDuration(checkNumber('check.intervalMs', intervalMs, { min: 1_000, max: 2 ** 31 - 1 }))
  const Timeout = goDuration(checkNumber('check.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 }))
  const urlAt = (address: string) => (http.startsWith('/') ? `http://${address}${http}` : http)
  return { renewEveryMs: undefined, definition: (address) => ({ HTTP: urlAt(address), Interval, Timeout, ...common }) }
}

const goDuration = (ms: number): string => `${Math.round(ms)}ms`
