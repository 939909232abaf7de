// The real servers there are, in the order in which they are shown.
import { bind9 } from './bind9/bind9.ts'
import { consul } from './consul/consul.ts'
import { etcd } from './etcd/etcd.ts'
import { etcd34 } from './etcd-3-4/etcd-3-4.ts'
import { gokit } from './gokit/gokit.ts'
import { kubeApiserver } from './kube-apiserver/kube-apiserver.ts'
import { moto } from './moto/moto.ts'
import { prometheus } from './prometheus/prometheus.ts'
import type { Server } from './server.ts'
import { statsd } from './statsd/statsd.ts'
import { statsdExporter } from './statsd-exporter/statsd-exporter.ts'

export const registry: readonly Server[] = [
  prometheus,
  statsd,
  statsdExporter,
  gokit,
  bind9,
  consul,
  moto,
  etcd,
  etcd34,
  kubeApiserver,
]
