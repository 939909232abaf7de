// The life of the process: since when it runs, and what it runs on.
import type { Clock } from '../../core/clock.ts'
import { type Runtime, runtime } from '../../platform/runtime.ts'
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** What the runtime tells of the process. */
export interface LifeSource {
  /** How long it runs, in seconds. */
  uptime(): number
  readonly runtime: Runtime
}

/** Measures the age of the process, with the name of OpenTelemetry, and shows the runtime as labels of a 1. */
export function lifetime(
  metrics: Metrics,
  { clock }: { readonly clock: Clock },
  source: LifeSource = { uptime: () => process.uptime(), runtime: runtime() },
): Part {
  const uptime = metrics.gauge({
    name: 'process.uptime',
    unit: 'seconds',
    help: 'Host-local: how long the process runs.',
  })
  const start = metrics.gauge({
    name: 'process.start_time',
    unit: 'seconds',
    help: 'Host-local: when the process began, in seconds since 1970; it changes when it is started anew.',
  })
  const info = metrics.gauge({
    name: 'process.runtime.info',
    labels: ['process.runtime.name', 'process.runtime.version', 'process.runtime.description'],
    help: 'Always 1; its labels say what the process runs on. Summed over hosts it counts those of a version.',
  })
  // Once: the clock of the day may be set, and the process would seem to have begun at another time.
  const startedAt = clock.wallNow() / 1e3 - source.uptime()
  const { name, version, engine } = source.runtime
  return {
    read() {
      uptime.set(source.uptime())
      start.set(startedAt)
      info
        .with({
          'process.runtime.name': name,
          'process.runtime.version': version,
          'process.runtime.description': engine,
        })
        .set(1)
    },
  }
}
