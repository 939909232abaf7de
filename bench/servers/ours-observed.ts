// servicekit as `serve` puts it together, without policies: every call is measured and goes to a call log, which is sampled.
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { sample } from 'servicekit/log/sample'
import { file } from 'servicekit/log/stream/file'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { answer } from '../harness/worker.ts'
import { adder, addsvc } from './addsvc.ts'

const app = await serve(addsvc, adder, {
  over: [http({ port: 0, host: '127.0.0.1' })],
  logger: logger(sample(logfmtSink(file('/dev/null')))),
  metrics: prometheus(),
  pipeline: false,
})
answer({ url: app.url })
