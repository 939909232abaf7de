// The conformance suite of metrics backends over the lines of DogStatsD, as its Agent reads them.
import { describe, it } from 'node:test'
import { dialectHarness, readDogstatsd } from '../../../test/platform/dialect-harness.ts'
import { metricsCases } from '../../testing/conformance/metrics.ts'
import { StatsdMetrics } from '../statsd/statsd-metrics.ts'
import { dogstatsdFormat } from './dogstatsd-format.ts'
import { checkedDogstatsd, type DogstatsdOptions } from './dogstatsd-options.ts'
import { tagList } from './tag-list.ts'

const variants: readonly DogstatsdOptions[] = [
  {},
  { packed: false, timings: 'histogram' },
  { negativeGauges: 'from-zero', tags: { env: 'prod', tier: 'ä' } },
]

for (const options of variants) {
  const { negativeGauges, packed } = options
  const harness = dialectHarness({
    open: (channel, clock) =>
      new StatsdMetrics(
        { clock, onCardinalityExceeded: () => {} },
        dogstatsdFormat(checkedDogstatsd(options)),
        () => channel,
      ),
    read: readDogstatsd,
    signAdds: negativeGauges === 'from-zero',
    labelText: (text) => tagList([['k', text]]).slice(2),
  })
  describe(`dogstatsd, ${packed === false ? 'each value by itself' : 'packed'}, with gauges ${negativeGauges ?? 'set'}`, () => {
    for (const { name, run } of metricsCases) it(name, () => run(harness))
  })
}
