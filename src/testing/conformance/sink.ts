// The conformance suite of sinks: what every place where records go must do. Third parties prove their adapters with it.
import { withSkips } from './left-out.ts'
import type { SinkCase, SinkHarness } from './sink-harness.ts'
import { sinkInjectionCases } from './sink-injection.ts'
import { sinkLifeCases } from './sink-life.ts'
import { sinkRecordCases } from './sink-records.ts'
import { sinkValueCases } from './sink-values.ts'

export type { OpenSink, ReceivedRecord, SinkCase, SinkHarness, SinkLack } from './sink-harness.ts'

/** Every case; run each with `it(name, (test) => run(harness, test))`: what a destination cannot do is skipped. */
export const sinkCases: readonly SinkCase[] = withSkips<SinkHarness>([
  ...sinkRecordCases,
  ...sinkValueCases,
  ...sinkInjectionCases,
  ...sinkLifeCases,
])
