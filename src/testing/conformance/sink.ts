// The conformance suite of sinks: what every place where records go must do. Third parties prove their adapters with it.

import type { SinkCase } from './sink-harness.ts'
import { sinkInjectionCases } from './sink-injection.ts'
import { sinkLifeCases } from './sink-life.ts'
import { sinkRecordCases } from './sink-records.ts'
import { sinkValueCases } from './sink-values.ts'

export type { OpenSink, ReceivedRecord, SinkCase, SinkHarness, SinkLack } from './sink-harness.ts'

/** Every case; run each with `it(name, () => run(harness))`. */
export const sinkCases: readonly SinkCase[] = [
  ...sinkRecordCases,
  ...sinkValueCases,
  ...sinkInjectionCases,
  ...sinkLifeCases,
]
