// The real servers there are, in the order in which they are shown.

import { bind9 } from './bind9/bind9.ts'
import { carbon } from './carbon/carbon.ts'
import { consul } from './consul/consul.ts'
import { etcd } from './etcd/etcd.ts'
import { etcd34 } from './etcd-3-4/etcd-3-4.ts'
import { eureka } from './eureka/eureka.ts'
import { gokit } from './gokit/gokit.ts'
import { influxdb } from './influxdb/influxdb.ts'
import { kubeApiserver } from './kube-apiserver/kube-apiserver.ts'
import { moto } from './moto/moto.ts'
import { pcp } from './pcp/pcp.ts'
import { prometheus } from './prometheus/prometheus.ts'
import { pushgateway } from './pushgateway/pushgateway.ts'
import { redis } from './redis/redis.ts'
import { rsyslog } from './rsyslog/rsyslog.ts'
import type { Server } from './server.ts'
import { statsd } from './statsd/statsd.ts'
import { statsdExporter } from './statsd-exporter/statsd-exporter.ts'
import { victoriaMetrics } from './victoria-metrics/victoria-metrics.ts'
import { zookeeper } from './zookeeper/zookeeper.ts'

export const registry: readonly Server[] = [
  prometheus,
  statsd,
  statsdExporter,
  gokit,
  bind9,
  consul,
  moto,
  rsyslog,
  pcp,
  redis,
  eureka,
  zookeeper,
  etcd,
  etcd34,
  carbon,
  influxdb,
  victoriaMetrics,
  pushgateway,
  kubeApiserver,
]
