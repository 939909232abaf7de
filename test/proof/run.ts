// What `./dev proof` runs: every claim in the simulator, and the table of what was found. Fails when a promise is not kept.

import { type Finding, isMet } from './claim.ts'
import { claims } from './claims.ts'
import { table } from './table.ts'

const results = []
for (const [index, claim] of claims.entries()) {
  // To stderr: what goes to stdout is the same for each run.
  if (process.stderr.isTTY) process.stderr.write(`\rproving ${index + 1} of ${claims.length} …`)
  results.push({ claim, findings: await claim.run() })
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
process.stdout.write(table(results))
const findings: readonly Finding[] = results.flatMap((result) => [...result.findings])
if (!findings.every(isMet)) process.exitCode = 1
