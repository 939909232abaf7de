// The conformance suite of metrics backends: what each must do with what is measured. Third parties prove their adapters with it.
import { metricCollectionCases } from './metric-collection.ts'
import { metricDayCases } from './metric-day.ts'
import { metricLabelCases } from './metric-labels.ts'
import { metricMakingCases } from './metric-making.ts'
import { metricSpreadCases } from './metric-spread.ts'
import { metricValueCases } from './metric-values.ts'
import type { MetricsCase } from './metrics-harness.ts'

export type { MetricsCase, MetricsHarness, OpenBackend, Sample } from './metrics-harness.ts'

/** Every case; run each with `it(name, () => run(harness))`. */
export const metricsCases: readonly MetricsCase[] = [
  ...metricValueCases,
  ...metricSpreadCases,
  ...metricMakingCases,
  ...metricLabelCases,
  ...metricCollectionCases,
  ...metricDayCases,
]
