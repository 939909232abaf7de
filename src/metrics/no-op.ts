// Metrics that measure nothing: the default of what can be given metrics.
import type { Labelled } from './labelled.ts'
import type { Metrics } from './metrics.ts'

const instrument = Object.freeze({ add() {}, set() {}, observe() {} })

const labelled: Labelled<unknown, string> = Object.freeze({ with: () => instrument, delete: () => false })

const measured = ({ labels }: { readonly labels?: readonly string[] | undefined }): never =>
  (labels === undefined || labels.length === 0 ? instrument : labelled) as never

/** Measures nothing, and looks at nothing that it is given. */
export const noOpMetrics: Metrics = Object.freeze({
  counter: measured,
  gauge: measured,
  histogram: measured,
  summary: measured,
  onCollect: () => ({ [Symbol.dispose]() {} }),
})
