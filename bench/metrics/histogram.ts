// The row about histograms: what one observation costs, labels bound, with 15 buckets.
import { AggregationType } from '@opentelemetry/sdk-metrics'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { timed } from '../harness/timed.ts'
import { logNormals } from './log-normals.ts'
import { buckets, labelNames, labels, openTelemetry } from './peers.ts'

const bar = 15
const name = 'took_seconds'
const help = 'How long calls took.'
/** Few enough to stay in the caches. */
const values = logNormals(4_096)
const mask = values.length - 1

export const histogram = timed('histogram', {
  rounds: 21,
  ours: {
    prepare() {
      const ours = prometheus().histogram({ name, help, labels: labelNames, buckets }).with(labels)
      let i = 0
      return () => {
        i = (i + 1) & mask
        ours.observe(values[i] as number)
      }
    },
  },
  peers: [
    {
      name: 'prom-client',
      bar,
      prepare() {
        const peer = new promClient.Histogram({ name, help, labelNames, buckets: [...buckets] }).labels(labels)
        let i = 0
        return () => {
          i = (i + 1) & mask
          peer.observe(values[i] as number)
        }
      },
    },
    {
      name: '@prometheus-io/client',
      bar,
      prepare() {
        const peer = new official.Histogram({ name, help, labelNames, buckets: [...buckets] }).labels(labels)
        let i = 0
        return () => {
          i = (i + 1) & mask
          peer.observe(values[i] as number)
        }
      },
    },
    {
      name: 'opentelemetry',
      bar,
      prepare() {
        // Without minimum and maximum, which a histogram of Prometheus does not have either.
        const options = { boundaries: [...buckets], recordMinMax: false }
        const aggregation = { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options } as const
        const peer = openTelemetry({ instrumentName: name, aggregation }).createHistogram(name)
        let i = 0
        return () => {
          i = (i + 1) & mask
          peer.record(values[i] as number, labels)
        }
      },
    },
  ],
})
