// What must compile of the adapters for the official Prometheus clients: the real packages fit where they are taken by structure.
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { clientMetrics } from 'servicekit/metrics/prometheus/client-metrics'
import { exposeIn } from 'servicekit/metrics/prometheus/expose-in'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'

// As they are imported, and with registries of any content type.
clientMetrics(promClient)
clientMetrics(official)
clientMetrics(promClient, { register: new promClient.Registry() })
clientMetrics(official, { register: new official.Registry<official.OpenMetricsContentType>() })

const { registry } = prometheus({ include: [promClient.register, official.register, new promClient.Registry()] })
exposeIn(promClient.register, registry)
exposeIn(official.register, registry)

// @ts-expect-error: a registry is no client
clientMetrics(promClient.register)
// @ts-expect-error: our own registry is not included, but given as `registry`
prometheus({ include: [registry] })
