// The row about counters: what one more call costs, labels bound.
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { timed } from '../harness/timed.ts'
import { labelNames, openTelemetry } from './peers.ts'

const bar = 12
const name = 'calls_total'
const help = 'Calls.'
/** By turns: a counter that is alone in its loop would be kept in a register, which none is that calls have between them. */
const series = Array.from({ length: 16 }, (_, i) => ({ method: `method${i}`, code: 'ok' }))
const mask = series.length - 1

export const counter = timed('counter', {
  rounds: 21,
  ours: {
    prepare() {
      const ours = prometheus().counter({ name, help, labels: labelNames })
      const bound = series.map((labels) => ours.with(labels))
      let i = 0
      return () => {
        i = (i + 1) & mask
        bound[i]?.add()
      }
    },
  },
  peers: [
    {
      name: 'prom-client',
      bar,
      prepare() {
        const peer = new promClient.Counter({ name, help, labelNames })
        const bound = series.map((labels) => peer.labels(labels))
        let i = 0
        return () => {
          i = (i + 1) & mask
          bound[i]?.inc()
        }
      },
    },
    {
      name: '@prometheus-io/client',
      bar,
      prepare() {
        const peer = new official.Counter({ name, help, labelNames })
        const bound = series.map((labels) => peer.labels(labels))
        let i = 0
        return () => {
          i = (i + 1) & mask
          bound[i]?.inc()
        }
      },
    },
    {
      name: 'opentelemetry',
      bar,
      prepare() {
        const peer = openTelemetry().createCounter(name)
        let i = 0
        return () => {
          i = (i + 1) & mask
          peer.add(1, series[i])
        }
      },
    },
  ],
})
