// The conformance suite of transports: what every wire must do. Third parties prove their adapters with it.
import { closingCases } from './closing.ts'
import { errorCases } from './errors.ts'
import type { Case } from './harness.ts'
import { metadataCases } from './metadata.ts'
import { sizeCases } from './sizes.ts'
import { streamCases } from './streams.ts'
import { timeCases } from './time.ts'
import { unaryCases } from './unary.ts'

export { type Conformance, conformance, quietHandlers } from './conformance.ts'
export type { Case, ConformanceServer, ConformanceServerOptions, TransportHarness } from './harness.ts'

/** Every case; run each with `it(name, () => run(harness))`. */
export const transportCases: readonly Case[] = [
  ...unaryCases,
  ...errorCases,
  ...timeCases,
  ...metadataCases,
  ...sizeCases,
  ...streamCases,
  ...closingCases,
]
