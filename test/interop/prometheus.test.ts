// What we write next to the examples of the specifications: Prometheus' text format 0.0.4, OpenMetrics 1.0, and OpenTelemetry's rules for both.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../../src/core/context.ts'
import { traceContext } from '../../src/core/inbound.ts'
import { readTraceContext } from '../../src/core/metadata.ts'
import type { HistogramSpec } from '../../src/metrics/histogram.ts'
import { canonicalText } from '../../src/metrics/prometheus/number-text.ts'
import { type Prometheus, prometheus } from '../../src/metrics/prometheus/prometheus.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { parsePage } from './prometheus/page.ts'

const lines = (metrics: Prometheus, format: 'text' | 'openmetrics') => metrics.text(format).trimEnd().split('\n')

/** A histogram with so many values, each with its value. */
function observed(
  metrics: Prometheus,
  spec: HistogramSpec,
  values: readonly (readonly [times: number, value: number])[],
) {
  const histogram = metrics.histogram(spec)
  for (const [times, value] of values) for (let i = 0; i < times; i++) histogram.observe(value)
}

// "Exposition formats" of the Prometheus documentation, its "Text format example" without time stamps.
describe('the example of the text format', () => {
  it('has a counter with two labels', () => {
    const metrics = prometheus()
    const help = 'The total number of HTTP requests.'
    const requests = metrics.counter({ name: 'http_requests_total', help, labels: ['method', 'code'] })
    requests.with({ method: 'post', code: 200 }).add(1027)
    requests.with({ method: 'post', code: 400 }).add(3)
    assert.deepEqual(lines(metrics, 'text'), [
      '# HELP http_requests_total The total number of HTTP requests.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027',
      'http_requests_total{method="post",code="400"} 3',
    ])
  })

  it('has escapes in label values', () => {
    const metrics = prometheus()
    const time = metrics.gauge({ name: 'msdos_file_access_time_seconds', labels: ['path', 'error'] })
    time.with({ path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' }).set(1.458255915e9)
    assert.equal(
      lines(metrics, 'text')[1],
      String.raw`msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1458255915`,
    )
  })

  it('has a metric with no label, and one that is infinite', () => {
    const metrics = prometheus()
    metrics.gauge({ name: 'metric_without_timestamp_and_labels' }).set(12.47)
    metrics
      .gauge({ name: 'something_weird', labels: ['problem'] })
      .with({ problem: 'division by zero' })
      .set(Infinity)
    const samples = lines(metrics, 'text').filter((line) => !line.startsWith('#'))
    assert.deepEqual(samples, [
      'metric_without_timestamp_and_labels 12.47',
      'something_weird{problem="division by zero"} +Inf',
    ])
  })

  it('has a histogram', () => {
    const metrics = prometheus()
    const spec = {
      name: 'http_request_duration_seconds',
      help: 'A histogram of the request duration.',
      buckets: [0.05, 0.1, 0.2, 0.5, 1],
    }
    observed(metrics, spec, [
      [24_054, 0],
      [9_390, 0.0625],
      [66_948, 0.125],
      [28_997, 0.25],
      [4_599, 0.75],
      [10_331, 2],
      [1, 13_107.125],
    ])
    assert.deepEqual(lines(metrics, 'text'), [
      '# HELP http_request_duration_seconds A histogram of the request duration.',
      '# TYPE http_request_duration_seconds histogram',
      'http_request_duration_seconds_bucket{le="0.05"} 24054',
      'http_request_duration_seconds_bucket{le="0.1"} 33444',
      'http_request_duration_seconds_bucket{le="0.2"} 100392',
      'http_request_duration_seconds_bucket{le="0.5"} 129389',
      'http_request_duration_seconds_bucket{le="1"} 133988',
      'http_request_duration_seconds_bucket{le="+Inf"} 144320',
      'http_request_duration_seconds_sum 53423',
      'http_request_duration_seconds_count 144320',
    ])
  })

  it('has a summary', () => {
    const metrics = prometheus()
    const quantiles = [0.01, 0.05, 0.5, 0.9, 0.99]
    metrics.summary({ name: 'rpc_duration_seconds', help: 'A summary of the RPC duration in seconds.', quantiles })
    const [family] = parsePage(metrics.text(), 'text')
    assert.deepEqual(
      family?.samples.map(({ name, labels }) => [name, labels['quantile']]),
      [
        ...quantiles.map((quantile) => ['rpc_duration_seconds', String(quantile)]),
        ['rpc_duration_seconds_sum', undefined],
        ['rpc_duration_seconds_count', undefined],
      ],
    )
  })
})

// OpenMetrics 1.0, "Overall Structure", "Canonical Numbers", "Exemplars", "Supported Metric Types".
describe('OpenMetrics 1.0', () => {
  /** A call at a moment, in seconds since the epoch. */
  function tracedAt(seconds: number): Context {
    const clock = manualClock({ wallStartAt: seconds * 1_000 })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    return rootContext({ clock }).with(traceContext, readTraceContext(new Map([['traceparent', traceparent]])))
  }

  it('has a counter whose family ends before _total, with its unit and help, and an end', () => {
    const metrics = prometheus()
    const name = 'acme_http_router_request_seconds_total'
    const help = 'Latency though all of ACME\'s "HTTP" request router.'
    metrics
      .counter({ name, help, unit: 'seconds', labels: ['path', 'method'] })
      .with({ path: '/api/v1', method: 'GET' })
      .add(9036.32)
    assert.deepEqual(lines(metrics, 'openmetrics'), [
      '# TYPE acme_http_router_request_seconds counter',
      '# UNIT acme_http_router_request_seconds seconds',
      String.raw`# HELP acme_http_router_request_seconds Latency though all of ACME's \"HTTP\" request router.`,
      'acme_http_router_request_seconds_total{path="/api/v1",method="GET"} 9036.32',
      '# EOF',
    ])
  })

  it('has exemplars on buckets, with labels, value and time', () => {
    const metrics = prometheus()
    const histogram = metrics.histogram({ name: 'foo', buckets: [0.01, 0.1, 1, 10] })
    for (let i = 0; i < 8; i++) histogram.observe(0.054)
    for (let i = 0; i < 3; i++) histogram.observe(0.67)
    histogram.observe(9.8, tracedAt(1_520_879_607.789))
    const [family] = parsePage(metrics.text('openmetrics'), 'openmetrics')
    assert.deepEqual(
      family?.samples.filter(({ name }) => name === 'foo_bucket').map(({ labels, value }) => [labels['le'], value]),
      [
        ['0.01', '0'],
        ['0.1', '8'],
        ['1.0', '11'],
        ['10.0', '12'],
        ['+Inf', '12'],
      ],
    )
    assert.deepEqual(family?.samples[3]?.exemplar, {
      labels: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
      value: '9.8',
      timestamp: '1520879607.789',
    })
  })

  it('keeps the labels of an exemplar within 128 characters', () => {
    const metrics = prometheus()
    metrics.counter({ name: 'foo' }).add(1, tracedAt(1))
    const labels = parsePage(metrics.text('openmetrics'), 'openmetrics')[0]?.samples[0]?.exemplar?.labels ?? {}
    assert.ok(Object.entries(labels).flat().join('').length <= 128)
  })

  it('has one way to write a bound', () => {
    const numbers = [1e-10, 1e-9, 1e-5, 0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000, 1e6, 1e7, 1e10]
    assert.deepEqual(
      numbers.map(canonicalText),
      '1e-10 1e-09 1e-05 0.0001 0.001 0.01 0.1 1.0 10.0 100.0 1000.0 10000.0 100000.0 1e+06 1e+07 1e+10'.split(' '),
    )
  })

  it('knows neither sum nor count of a histogram that goes below zero', () => {
    const metrics = prometheus()
    metrics.histogram({ name: 'foo', buckets: [-1, 0] }).observe(-0.5)
    const [family] = parsePage(metrics.text('openmetrics'), 'openmetrics')
    assert.deepEqual(new Set(family?.samples.map(({ name }) => name)), new Set(['foo_bucket']))
  })
})

// OpenTelemetry's semantic conventions, and its "Prometheus and OpenMetrics Compatibility".
describe('names of OpenTelemetry', () => {
  it('are those that its own exporter has', () => {
    const metrics = prometheus()
    metrics.histogram({ name: 'http.server.request.duration', unit: 'seconds', buckets: [1] })
    metrics.counter({ name: 'system.io', unit: 'bytes', labels: ['network.io.direction'] }).with({
      'network.io.direction': 'receive',
    })
    metrics.gauge({ name: 'system.cpu.utilization', unit: 'ratio' })
    metrics.gauge({ name: 'rpc.server.active_requests' })
    const names = parsePage(metrics.text(), 'text').map(({ name }) => name)
    assert.deepEqual(names, [
      'http_server_request_duration_seconds',
      'system_io_bytes_total',
      'system_cpu_utilization_ratio',
      'rpc_server_active_requests',
    ])
    assert.match(metrics.text(), /^system_io_bytes_total\{network_io_direction="receive"\} 0$/m)
  })
})
