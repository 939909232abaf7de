// The conformance suite of metrics backends over files of both versions, as one who reads them would see them.
import { describe, it } from 'node:test'
import { MemoryFiles } from '../../../test/platform/memory-files.ts'
import { type MmvValue, readMmv } from '../../../test/platform/mmv-reader.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { MetricOutline } from '../catalog.ts'
import { PcpMetrics } from './pcp-metrics.ts'
import { checkedPcp } from './pcp-options.ts'

/** Which part of a name is the metric is taken from the specs. */
function sampleOf({ metric, instance, value }: MmvValue, outlines: ReadonlyMap<string, MetricOutline>): Sample[] {
  const parts = instance === '' ? [] : instance.split(',')
  const pairs = parts.filter((part) => part.includes('='))
  const labels = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))]
    }),
  )
  if (outlines.has(metric)) return [{ name: metric, labels, field: 'value', value }]
  const [, name = '', column = ''] = /^(.*)\.(\w+)$/.exec(metric) ?? []
  if (column !== 'spread') return [{ name, labels, field: column as Sample['field'], value }]
  const statistic = parts.at(-1) ?? ''
  return /^p\d/.test(statistic) ? [{ name, labels, field: statistic as Sample['field'], value }] : []
}

for (const version of [1, 2] as const) {
  const harness: MetricsHarness = {
    async open() {
      const clock = manualClock()
      const files = new MemoryFiles()
      const options = { name: 'shop', folder: '/mmv', version, clock, intervalMs: 60_000, onCardinalityExceeded() {} }
      const metrics = new PcpMetrics(options, checkedPcp(options), files)
      const outlines = new Map<string, MetricOutline>()
      metrics.onRegister((outline) => void outlines.set(outline.spec.name, outline))
      const known = () => {
        const { bytes } = files.files.get('/mmv/shop') ?? { bytes: new Uint8Array() }
        return readMmv(bytes).values.flatMap((value) => sampleOf(value, outlines))
      }
      return {
        metrics,
        collect: async () => {
          await metrics.flush()
          return known()
        },
        // The file is gone once it is closed: what was in it is looked at before.
        close: async () => {
          let last: Sample[] = []
          files.fault = (operation, path) => {
            if (operation === 'rm' && path === '/mmv/shop') last = known()
            return undefined
          }
          await metrics[Symbol.asyncDispose]()
          return last
        },
        pass: (ms) => clock.advance(ms),
        [Symbol.asyncDispose]: () => metrics[Symbol.asyncDispose](),
      }
    },
  }
  describe(`pcp, version ${version}`, () => {
    for (const { name, run } of metricsCases) it(name, () => run(harness))
  })
}
