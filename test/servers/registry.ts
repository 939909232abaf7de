// The real servers there are, in the order in which they are shown.
import { bind9 } from './bind9/bind9.ts'
import { carbon } from './carbon/carbon.ts'
import { consul } from './consul/consul.ts'
import { gokit } from './gokit/gokit.ts'
import { influxdb } from './influxdb/influxdb.ts'
import { prometheus } from './prometheus/prometheus.ts'
import { pushgateway } from './pushgateway/pushgateway.ts'
import type { Server } from './server.ts'
import { statsd } from './statsd/statsd.ts'
import { statsdExporter } from './statsd-exporter/statsd-exporter.ts'
import { victoriaMetrics } from './victoria-metrics/victoria-metrics.ts'

export const registry: readonly Server[] = [
  prometheus,
  statsd,
  statsdExporter,
  carbon,
  influxdb,
  victoriaMetrics,
  pushgateway,
  gokit,
  bind9,
  consul,
]
