// CPU: how many seconds the process has used.
import type { Metrics } from '../metrics.ts'
import { followTotal } from './follow-total.ts'
import type { Part } from './part.ts'

/** What the runtime tells of the time that all threads have used since the process began, in microseconds. */
export type CpuSource = () => { readonly user: number; readonly system: number }

/** Measures CPU, with the name of OpenTelemetry. */
export function cpu(metrics: Metrics, source: CpuSource = () => process.cpuUsage()): Part {
  const time = metrics.counter({
    name: 'process.cpu.time',
    unit: 'seconds',
    labels: ['cpu.mode'],
    help: 'CPU that all threads of the process used, in its own code (user) and in the system for it. May be summed over hosts.',
  })
  const user = followTotal(time.with({ 'cpu.mode': 'user' }))
  const system = followTotal(time.with({ 'cpu.mode': 'system' }))
  return {
    read() {
      const used = source()
      user(used.user / 1e6)
      system(used.system / 1e6)
    },
  }
}
