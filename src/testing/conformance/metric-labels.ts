// Conformance of a metrics backend: which series labels lead to, and what comes of their values on the wire.
import assert from 'node:assert/strict'
import {
  type MetricsCase,
  type MetricsHarness,
  near,
  type Sample,
  samplesOf,
  seenLabels,
  totalOf,
} from './metrics-harness.ts'

/** Values with what means something to one wire or another. */
const awkward: readonly string[] = [
  '',
  ' ',
  ' a ',
  'a b',
  'a,b',
  'a|b',
  'a:b',
  'a#b',
  'a=b',
  'a;b',
  'a@b',
  'a.b',
  'a/b',
  'a"b',
  "a'b",
  'a\\b',
  'a\\',
  'a\\nb',
  'a\nb',
  'a\r\nb',
  'a\tb',
  '{a="b"}',
  '%41',
  '&amp;',
  'null',
  '0',
  '-1',
  'Grüße',
  '日本語',
  '🚀',
  'e\u0301',
  '\u00e9',
  '\u2028',
  '__proto__',
  'constructor',
]

/** Asserts what the receiver knows of series by their labels, and that it knows no others. */
function knows(
  harness: MetricsHarness,
  samples: readonly Sample[],
  name: string,
  series: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[],
): void {
  const expected = new Map<string, number>()
  for (const [labels, value] of series) {
    const key = keyOf(seenLabels(harness, labels))
    expected.set(key, (expected.get(key) ?? 0) + value)
  }
  const seen = samplesOf(samples, name)
  for (const { labels, value } of seen) {
    const key = keyOf(labels)
    const wanted = expected.get(key)
    assert.ok(wanted !== undefined, `the receiver knows a series ${key} of ${name}, which nobody made`)
    near(value, wanted, `the series ${key}`)
  }
  assert.equal(seen.length, expected.size, `the receiver knows ${seen.length} series of ${name}`)
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Metrics with labels. */
export const metricLabelCases: readonly MetricsCase[] = [
  {
    name: 'leads the same values to the same series, in whatever order and as text, number or boolean',
    async run(harness) {
      await using backend = await harness.open()
      const calls = backend.metrics.counter({ name: 'calls', labels: ['method', 'status'] })
      calls.with({ method: 'get', status: '200' }).add(1)
      calls.with({ status: 200, method: 'get' }).add(2)
      calls.with({ status: true, method: 'get' }).add(4)
      calls.with({ method: 'get', status: 'true' }).add(8)
      knows(harness, await backend.collect(), 'calls', [
        [{ method: 'get', status: '200' }, 3],
        [{ method: 'get', status: 'true' }, 12],
      ])
    },
  },
  {
    name: 'keeps values apart, whatever is in them',
    async run(harness) {
      await using backend = await harness.open()
      const calls = backend.metrics.counter({ name: 'calls', labels: ['path'] })
      for (const [index, path] of awkward.entries()) calls.with({ path }).add(index + 1)
      const series = awkward.map((path, index) => [{ path }, index + 1] as const)
      knows(harness, await backend.collect(), 'calls', series)
    },
  },
  {
    name: 'keeps a value in its label, whatever separates labels on the wire',
    async run(harness) {
      await using backend = await harness.open()
      const level = backend.metrics.gauge({ name: 'level', labels: ['a', 'b'] })
      const series = [',', '|', ':', '#', '=', ';', '","', '.', ' ', '\n', '\\'].flatMap((separator, index) => [
        [{ a: `x${separator}b`, b: 'y' }, 2 * index + 1] as const,
        [{ a: 'x', b: `b${separator}y` }, 2 * index + 2] as const,
      ])
      for (const [labels, value] of series) level.with(labels).add(value)
      const samples = await backend.collect()
      // Values that a wire writes alike are one series to it, and a gauge shows what was said of it last.
      if (harness.labelText === undefined && !harness.without?.includes('labels'))
        knows(harness, samples, 'level', series)
      else assert.ok(samplesOf(samples, 'level').length > 0)
    },
  },
  {
    name: 'counts all although a value is what no wire can carry',
    async run(harness) {
      await using backend = await harness.open()
      const calls = backend.metrics.counter({ name: 'calls', labels: ['path'] })
      for (const path of ['\ud800', 'a\udc00b', '\0', 'a\0b', '\x1b[31m', '\x7f', 'x'.repeat(2_000)])
        calls.with({ path }).add()
      near(totalOf(await backend.collect(), 'calls'), 7, 'the sum over all series')
    },
  },
  {
    name: 'refuses a label that is missing or strange, also where the series is there',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      for (const labelled of [
        metrics.counter({ name: 'a', labels: ['method', 'status'] }),
        metrics.gauge({ name: 'b', labels: ['method', 'status'] }),
        metrics.histogram({ name: 'c', labels: ['method', 'status'] }),
        metrics.summary({ name: 'd', labels: ['method', 'status'] }),
      ]) {
        const good = { method: 'get', status: 'ok' }
        labelled.with(good)
        for (const wrong of [
          {},
          { method: 'get' },
          { ...good, status: undefined },
          { ...good, status: null },
          { ...good, status: {} },
          { ...good, shard: 1 },
          { methods: 'get', status: 'ok' },
        ]) {
          assert.throws(() => labelled.with(wrong as never), TypeError, JSON.stringify(wrong))
        }
      }
    },
  },
  {
    name: 'counts series beyond their limit together, so that sums stay true and series few',
    async run(harness) {
      await using backend = await harness.open()
      const calls = backend.metrics.counter({ name: 'calls', labels: ['path', 'kind'], maxSeries: 100, keep: ['kind'] })
      const kinds = ['a', 'b', 'c']
      const expected = new Map<string, number>()
      for (let path = 0; path < 10_000; path++) {
        const kind = kinds[path % kinds.length] ?? ''
        calls.with({ path, kind }).add(2)
        expected.set(kind, (expected.get(kind) ?? 0) + 2)
      }
      const samples = await backend.collect()
      near(totalOf(samples, 'calls'), 20_000, 'the sum over all series')
      const seen = samplesOf(samples, 'calls').length
      assert.ok(seen <= 201, `the receiver knows ${seen} series`)
      if (harness.without?.includes('labels')) return
      for (const [kind, sum] of expected)
        near(totalOf(samples, 'calls', 'value', { kind }), sum, `the sum over ${kind}`)
    },
  },
  {
    name: 'invents no series that nobody used',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      const calls = metrics.counter({ name: 'calls', labels: ['method'] })
      metrics.gauge({ name: 'level', labels: ['method'] })
      metrics.histogram({ name: 'took', labels: ['method'] })
      metrics.summary({ name: 'waited', labels: ['method'] })
      calls.with({ method: 'get' }).add()
      const samples = await backend.collect()
      knows(harness, samples, 'calls', [[{ method: 'get' }, 1]])
      assert.deepEqual(
        samples.filter(({ name }) => name !== 'calls'),
        [],
      )
    },
  },
]
