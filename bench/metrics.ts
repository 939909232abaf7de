// The claim about metrics: to measure a call costs next to nothing.
import { claim } from './harness/claim.ts'
import { counter } from './metrics/counter.ts'
import { dogstatsd } from './metrics/dogstatsd.ts'
import { exposition } from './metrics/exposition.ts'
import { histogram } from './metrics/histogram.ts'
import { influx } from './metrics/influx.ts'
import { sketch } from './metrics/sketch.ts'
import { statsd, statsdTiming } from './metrics/statsd.ts'

await claim({
  name: 'metrics',
  says: 'To measure costs next to nothing.',
  packages: [
    'prom-client',
    '@prometheus-io/client',
    '@opentelemetry/sdk-metrics',
    '@datadog/sketches-js',
    'hot-shots',
    '@influxdata/influxdb-client',
  ],
  rows: [counter, histogram, exposition, sketch, statsd, statsdTiming, dogstatsd, influx],
})
