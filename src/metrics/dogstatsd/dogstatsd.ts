// DogStatsD: metrics with tags, events and service checks for Datadog's Agent, and for all who read what it reads (statsd_exporter, Vector, Telegraf).
import type { OpenChannel } from '../../platform/line-outlet.ts'
import { Socket } from '../../platform/socket.ts'
import { type Statsd, StatsdMetrics } from '../statsd/statsd-metrics.ts'
import { dogstatsdFormat } from './dogstatsd-format.ts'
import { checkedDogstatsd, type DogstatsdOptions } from './dogstatsd-options.ts'
import { type DogstatsdEvent, eventLine, type Sender } from './event-line.ts'
import { FramedChannel } from './framed-channel.ts'
import { type DogstatsdServiceCheck, serviceCheckLine } from './service-check-line.ts'

export type { StatsdStats } from '../statsd/statsd-metrics.ts'
export type { StatsdFailure } from '../statsd/statsd-options.ts'
export type { Tags } from '../statsd/tags.ts'
export type { DogstatsdOptions } from './dogstatsd-options.ts'
export type { DogstatsdEvent } from './event-line.ts'
export type { DogstatsdServiceCheck } from './service-check-line.ts'

/** Metrics that are sent to a receiver of DogStatsD, and what else it takes. */
export interface Dogstatsd extends Statsd {
  /** Sends an event within 100 ms. Throws a TypeError for one that makes no sense, and never for want of a receiver. */
  event(event: DogstatsdEvent): void
  /** Sends how something is within 100 ms. Throws a TypeError for a check that makes no sense, and never for want of a receiver. */
  serviceCheck(check: DogstatsdServiceCheck): void
}

// `dogstatsd_buffer_size`, unless it was configured.
const agentBufferBytes = 8_192

/**
 * Sends metrics to a receiver of DogStatsD, and connects to it at once and again by itself. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - A counter is summed, and is a line each interval in which it was counted. A gauge is a line when it was set, and all are sent again once lines were lost.
 * - Values of histograms and summaries are those of a distribution, several to a line, in the unit of the metric. Buckets and quantiles are the receiver's own matter.
 * - Labels are tags, in their order, behind the tags of all metrics; see `tagList` for what cannot be carried as it is.
 * - A metric is refused that begins with `_sc`, which is a service check to the Agent.
 *
 * `unix:///path` is the Agent's stream socket (`dogstatsd_stream_socket`), in which each packet begins with its length, and is at most 8,192 bytes
 * unless `maxPacketBytes` says otherwise. Node has no Unix sockets for datagrams, which `dogstatsd_socket` is. The Agent itself has no TCP; others have.
 *
 * The protocol: https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/, versions 1.0 to 1.2, and the external data of 1.4.
 */
export function dogstatsd(options: DogstatsdOptions = {}): Dogstatsd {
  const { address, ...checked } = checkedDogstatsd(options)
  const { clock, random } = options
  const isFramed = address.kind === 'unix'
  const maxPacketBytes = options.maxPacketBytes ?? (isFramed ? agentBufferBytes : undefined)
  const open: OpenChannel = (onError) => {
    const socket = new Socket(address, { clock, random, onError })
    return isFramed ? new FramedChannel(socket) : socket
  }
  const metrics = new StatsdMetrics({ ...options, maxPacketBytes }, dogstatsdFormat(checked), open)
  metrics.onRegister(({ spec: { name } }) => {
    if (`${checked.prefix}${name}`.startsWith('_sc'))
      throw new TypeError(`metric ${name}: what begins with _sc is a service check to the Agent`)
  })
  return withEvents(metrics, checked, maxPacketBytes ?? 1_432)
}

/** Adds what only DogStatsD has; an event that is longer than `maxBytes` is cut off. */
export function withEvents(metrics: StatsdMetrics, sender: Sender, maxBytes: number): Dogstatsd {
  return Object.assign(metrics, {
    event: (event: DogstatsdEvent) => metrics.send(eventLine(event, sender, maxBytes)),
    serviceCheck: (check: DogstatsdServiceCheck) => metrics.send(serviceCheckLine(check, sender)),
  })
}
