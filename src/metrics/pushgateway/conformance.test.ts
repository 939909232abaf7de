// The conformance suite of metrics backends over what is pushed to a gateway, which keeps the last page.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { remembered, samplesOf } from '../../../test/interop/prometheus/page-samples.ts'
import { type MetricsHarness, metricsCases } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { prometheus } from '../prometheus/prometheus.ts'
import type { MetricOutline } from '../registry.ts'
import { pushgateway } from './pushgateway.ts'

const harness: MetricsHarness = {
  async open() {
    let page = ''
    const gateway = createServer(async (request, response) => {
      page = await text(request)
      response.writeHead(200).end()
    }).listen(0, '127.0.0.1')
    await once(gateway, 'listening')
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
    const clock = manualClock()
    const kept = prometheus({ clock, onCardinalityExceeded: () => {} })
    const pushed = pushgateway({ url, job: 'test', metrics: kept, clock })
    const made: MetricOutline[] = []
    const known = () => {
      const families = parsePage(page, 'text')
      return made.flatMap((metric) => samplesOf(families, 'text', metric))
    }
    const close = async () => {
      await pushed[Symbol.asyncDispose]()
      return known()
    }
    return {
      metrics: remembered(pushed, made),
      collect: async () => {
        await pushed.flush()
        return known()
      },
      close,
      pass: (ms) => clock.advance(ms),
      async [Symbol.asyncDispose]() {
        await close()
        gateway.closeAllConnections()
        gateway.close()
        await once(gateway, 'close')
      },
    }
  },
}

describe('pushgateway', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
