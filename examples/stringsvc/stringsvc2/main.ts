// stringsvc2: the string service with a log and metrics, each a decorator of its own, and /metrics on the same port.
import { parseArgs } from 'node:util'
import { endpoints } from 'servicekit'
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { stdout } from 'servicekit/log/stream/stdout'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { httpHandler } from 'servicekit/transport/http/handler'
import { httpServer } from 'servicekit/transport/http/server'
import { stringsvc } from '../stringsvc1/stringsvc.ts'
import { instrumenting } from './instrumenting.ts'
import { logging } from './logging.ts'
import { stringService } from './service.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: process.env['HOST'] },
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log('main.ts [--port 8080] [--host 127.0.0.1]     the environment has PORT and HOST')
  process.exit()
}

await using out = stdout()
const log = logger(logfmtSink(out, { timeKey: false, levelKey: false }))
const metrics = prometheus()

const service = instrumenting(logging(stringService, log), metrics)

await using server = await httpServer(stringsvc, endpoints(stringsvc, service), {
  mount: [httpHandler('/metrics', metrics.handler)],
}).listen({ port: Number(values.port), host: values.host })
log.info('listening', { url: server.url })
await server.closed
