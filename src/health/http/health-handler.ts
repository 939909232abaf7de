// The answer to a probe over HTTP: 200 or 503, and a small document for people.
import type { Handler } from '../../core/handler.ts'
import type { CheckKind, CheckReport, Health, HealthReport } from '../health.ts'

/** What a probe asks for, and what it is shown. */
export interface HealthHandlerOptions {
  /** @default 'readiness' */
  readonly probe?: CheckKind | undefined
  /** Shows what checks fail with, when and after how long: for a port that only insiders reach. @default false: names and status */
  readonly details?: boolean | undefined
}

/**
 * Answers GET and HEAD with 200, also for `warn`, or with 503; other methods are 405. The body has the form of
 * draft-inadarei-api-health-check-06: `status`, `checks` by name and, in `notes`, why the process is not ready. Throws a TypeError for a probe that there is not.
 */
export function healthHandler(health: Health, options: HealthHandlerOptions = {}): Handler {
  const { probe = 'readiness', details = false } = options
  if (probe !== 'readiness' && probe !== 'liveness')
    throw new TypeError(`probe must be readiness or liveness, but is ${String(probe)}`)
  return async ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD')
      return new Response(`health is read with GET, not ${method}\n`, {
        status: 405,
        headers: { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' },
      })
    const report = await health[probe]()
    const headers = { 'content-type': 'application/health+json', 'cache-control': 'no-store' }
    const body = method === 'HEAD' ? null : `${JSON.stringify(documentOf(report, details))}\n`
    return new Response(body, { status: report.status === 'fail' ? 503 : 200, headers })
  }
}

function documentOf({ status, reason, checks }: HealthReport, details: boolean): object {
  const shown = checks.map((check) => [check.name, [details ? detailsOf(check) : { status: check.status }]] as const)
  return {
    status,
    ...(reason !== undefined && { notes: [reason] }),
    ...(shown.length > 0 && { checks: Object.fromEntries(shown) }),
  }
}

function detailsOf({ status, kind, at, tookMs, failure }: CheckReport): object {
  const time = new Date(at).toISOString()
  const observed = { observedValue: Math.round(tookMs * 1_000) / 1_000, observedUnit: 'ms' }
  return { status, kind, time, ...observed, output: failure }
}
