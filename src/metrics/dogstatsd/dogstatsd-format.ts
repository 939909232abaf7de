// The lines of DogStatsD: labels are tags behind the type.
import type { CheckedSpec } from '../metric-spec.ts'
import { type LineFormat, line } from '../statsd/line-format.ts'
import { millisecondsPer } from '../statsd/milliseconds.ts'
import { seriesTags } from '../statsd/tags.ts'
import type { CheckedDogstatsd } from './dogstatsd-options.ts'
import { tagList } from './tag-list.ts'

/**
 * Lines as in `shop.calls:3|c|#env:prod,method:sum|c:ci-0123`: the tags of all metrics, then the labels in their order, see `tagList`. Of the
 * names of metrics colons become `_`. `prefix` stands before each name as it is.
 *
 * Durations are written in their own unit, but for timings (`ms`), which are milliseconds.
 */
export function dogstatsdFormat(options: CheckedDogstatsd): LineFormat {
  const { prefix, tags, timings, packed, signAdds, origin } = options
  const lineOf = ({ name, labels }: CheckedSpec, values: readonly string[], type: string) => {
    const list = tagList(seriesTags(tags, labels, values))
    return line(`${prefix}${name.replaceAll(':', '_')}:`, `|${type}${list && `|#${list}`}${origin}\n`)
  }
  return {
    signAdds,
    packsTimings: packed,
    counter: (spec, values) => lineOf(spec, values, 'c'),
    gauge: (spec, values) => lineOf(spec, values, 'g'),
    timing: (spec, values, sampleRatio) => {
      const perUnit = timings === 'timing' ? millisecondsPer(spec.unit) : undefined
      const type = timings === 'distribution' ? 'd' : perUnit === undefined ? 'h' : 'ms'
      const ratio = sampleRatio < 1 ? `|@${sampleRatio}` : ''
      return { ...lineOf(spec, values, `${type}${ratio}`), millisecondsPer: perUnit }
    },
  }
}
