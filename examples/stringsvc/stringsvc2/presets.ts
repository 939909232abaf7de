// The same service with presets: calls are logged and measured by themselves, and nothing of it is in the service.
import { parseArgs } from 'node:util'
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { stdout } from 'servicekit/log/stream/stdout'
import { processMetrics } from 'servicekit/metrics/process/process'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { stringsvc } from '../stringsvc1/stringsvc.ts'
import { stringService } from './service.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: process.env['HOST'] },
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log('presets.ts [--port 8080] [--host 127.0.0.1]     the environment has PORT and HOST')
  process.exit()
}

await using out = stdout()
const log = logger(logfmtSink(out))
const metrics = prometheus()
using _ = processMetrics(metrics)

await using app = await serve(stringsvc, stringService, {
  over: [http({ port: Number(values.port), host: values.host })],
  logger: log,
  metrics,
})
await app.closed
