// The process as metrics inside Bun or Deno, and the page of variables there: prints that page.
import { rootContext } from '../../../src/core/context.ts'
import { expvar } from '../../../src/metrics/expvar/expvar.ts'
import { processMetrics } from '../../../src/metrics/process/process.ts'
import { registry } from '../../../src/metrics/registry.ts'

const metrics = registry()
using _measuring = processMetrics(metrics)
const page = await expvar(metrics)(new Request('http://localhost/debug/vars'), rootContext())
console.log(JSON.stringify(JSON.parse(await page.text())))
