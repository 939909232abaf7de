// RED: the rate, the errors and the duration of calls, served or made, for every method without a word from it.
import type { Context } from '../core/context.ts'
import { type Endpoint, type Middleware, tap } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import type { MessageSizes } from '../core/message-sizes.ts'
import { type MethodInfo, returnsStream, sendsStream } from '../core/method.ts'
import type { EndedCall, Outcome } from '../core/outcome.ts'
import { map } from '../core/streams.ts'
import { sizesWatcher, watchSizes } from '../core/watch-sizes.ts'
import { sizeBuckets } from './buckets.ts'
import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'
import type { Metrics } from './metrics.ts'

/** What is measured of calls. */
export interface MeasureCallsOptions {
  /** At which end: of calls that are served, or that are made. @default 'server' */
  readonly side?: 'server' | 'client' | undefined
  /** Upper bounds of the duration's buckets, in seconds. @default latencyBuckets */
  readonly buckets?: readonly number[] | undefined
  /** Whether the sizes of messages are measured, where the wire has bytes. @default true */
  readonly sizes?: boolean | undefined
  /** Told of each call when it has been measured: for a call log, which then need not watch calls by itself. @default nothing */
  readonly onEnd?: ((event: EndedCall) => void) | undefined
}

/** The names of the labels, as OpenTelemetry's conventions for RPC have them. */
const methodLabel = 'rpc.method'
const codeLabel = 'rpc.response.status_code'

/**
 * Measures calls, with names after OpenTelemetry's conventions for RPC; `server` is `client` at the other end, and Prometheus shows
 * `rpc.server.calls` as `rpc_server_calls_total`:
 * `rpc.server.calls` and `rpc.server.call.duration` (seconds) by method and code, `rpc.server.active_calls` by method,
 * `rpc.server.request.size` and `rpc.server.response.size` (bytes) by method, `rpc.server.stream.messages` by method and direction. The
 * code of a good response that carries a business failure is that of the failure, or `failed`; of any other good one it is `ok`.
 */
export function measureCalls(metrics: Metrics, options?: MeasureCallsOptions): Middleware {
  const meters = new CallMeters(metrics, options)
  const onEnd = options?.onEnd
  return <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> => {
    // An endpoint nearly always is that of one method.
    let method: MethodInfo | undefined
    let meter: MethodMeter | undefined
    const meterOf = (called: MethodInfo): MethodMeter => {
      if (meter === undefined || called !== method) {
        method = called
        meter = meters.of(called)
      }
      return meter
    }
    const measured = tap<Req, Res, number>(next, {
      onStart: ({ method, clock }) => {
        meterOf(method).active.add(1)
        return clock.now()
      },
      onMessage: (_, __, ctx) => meterOf(ctx.method).streamed?.responses.add(),
      onEnd: (startedAt, outcome, ctx) => {
        const tookMs = ctx.clock.now() - startedAt
        end(meterOf(ctx.method), outcome, tookMs, ctx)
        onEnd?.({ ctx, outcome, tookMs })
      },
    })
    return (request, ctx) => {
      const { streamed, sizes } = meterOf(ctx.method)
      const sent = streamed !== undefined && sendsStream(ctx.method) ? counted(request, streamed.requests) : request
      return measured(sent, sizes === undefined ? ctx : watchSizes(ctx, sizes))
    }
  }
}

function counted<Req>(requests: Req, counter: Counter): Req {
  return map(requests as AsyncIterable<unknown>, (message) => {
    counter.add()
    return message
  }) as Req
}

/** The label that an outcome is counted under. */
function codeOf({ code, failure }: Outcome): string {
  if (failure === undefined) return code
  return failure instanceof ServiceError ? failure.code : 'failed'
}

/** The instruments of one side of a program, and from them those of each method, made when it is first called. */
class CallMeters {
  readonly #of: (method: MethodInfo) => MethodMeter
  readonly #known = new WeakMap<MethodInfo, MethodMeter>()

  constructor(metrics: Metrics, options: MeasureCallsOptions | undefined) {
    const { side = 'server', buckets, sizes = true } = options ?? {}
    if (side !== 'server' && side !== 'client')
      throw new TypeError(`side must be 'server' or 'client', but is ${JSON.stringify(side)}`)
    const done = side === 'server' ? 'served' : 'made'
    const byMethod = [methodLabel] as const
    const byCode = [methodLabel, codeLabel] as const
    const size = (what: string) =>
      metrics.histogram({
        name: `rpc.${side}.${what}.size`,
        help: `Sizes of ${what} messages of calls ${done}, encoded and before compression. May be summed over hosts.`,
        unit: 'bytes',
        labels: byMethod,
        buckets: sizeBuckets,
      })
    const calls = metrics.counter({
      name: `rpc.${side}.calls`,
      help: `Calls ${done}, by how they ended. May be summed over hosts.`,
      labels: byCode,
    })
    const durations = metrics.histogram({
      name: `rpc.${side}.call.duration`,
      help: `How long calls ${done} took until their response, or the end of its stream. May be summed over hosts.`,
      unit: 'seconds',
      labels: byCode,
      buckets,
    })
    const active = metrics.gauge({
      name: `rpc.${side}.active_calls`,
      help: `Calls being ${done} now. May be summed over hosts.`,
      labels: byMethod,
    })
    const requests = sizes ? size('request') : undefined
    const responses = sizes ? size('response') : undefined
    const messages = metrics.counter({
      name: `rpc.${side}.stream.messages`,
      help: `Messages of streams, by direction. May be summed over hosts.`,
      labels: [methodLabel, 'rpc.message.type'],
    })
    this.#of = (method) => {
      const label = { [methodLabel]: method.fullName }
      const direction = (type: string) => messages.with({ ...label, 'rpc.message.type': type })
      const [requestType, responseType] = side === 'server' ? ['received', 'sent'] : ['sent', 'received']
      return {
        active: active.with(label),
        byCode: new Map(),
        code: (code) => ({
          calls: calls.with({ ...label, [codeLabel]: code }),
          duration: durations.with({ ...label, [codeLabel]: code }),
        }),
        sizes: sizesOf(side, requests?.with(label), responses?.with(label)),
        streamed:
          method.kind === 'unary'
            ? undefined
            : {
                requests: sendsStream(method) ? direction(requestType) : nobody,
                responses: returnsStream(method) ? direction(responseType) : nobody,
              },
      }
    }
  }

  /** The meter of a method: its MethodInfo is one frozen object. */
  of(method: MethodInfo): MethodMeter {
    let meter = this.#known.get(method)
    if (meter === undefined) {
      meter = this.#of(method)
      this.#known.set(method, meter)
    }
    return meter
  }
}

const nobody: Counter = { add() {} }

interface CodeMeter {
  readonly calls: Counter
  readonly duration: Histogram
}

/** The instruments of one method. */
interface MethodMeter {
  readonly active: Gauge
  readonly byCode: Map<string, CodeMeter>
  readonly code: (code: string) => CodeMeter
  readonly sizes: MessageSizes | undefined
  readonly streamed: { readonly requests: Counter; readonly responses: Counter } | undefined
}

function sizesOf(
  side: 'server' | 'client',
  requests: Histogram | undefined,
  responses: Histogram | undefined,
): MessageSizes | undefined {
  if (requests === undefined || responses === undefined) return undefined
  const [received, sent] = side === 'server' ? [requests, responses] : [responses, requests]
  return sizesWatcher({ received: (bytes) => received.observe(bytes), sent: (bytes) => sent.observe(bytes) })
}

function end({ active, byCode, code }: MethodMeter, outcome: Outcome, tookMs: number, ctx: Context): void {
  active.add(-1)
  const label = codeOf(outcome)
  let meter = byCode.get(label)
  if (meter === undefined) {
    meter = code(label)
    byCode.set(label, meter)
  }
  meter.calls.add(1)
  meter.duration.observe(tookMs / 1_000, ctx)
}
