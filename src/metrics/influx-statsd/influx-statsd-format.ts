// The lines of Telegraf's StatsD, in which tags stand behind the name.
import type { CheckedSpec } from '../metric-spec.ts'
import { type LineFormat, line } from '../statsd/line-format.ts'
import { millisecondsPer } from '../statsd/milliseconds.ts'
import { seriesTags, type Tags } from '../statsd/tags.ts'

/** What all lines of a sender have in common. */
export interface InfluxSender {
  /** Stands before each name as it is. */
  readonly prefix: string
  readonly tags: Tags
}

const longestValue = 200
// What ends a tag, a name or a line, for Telegraf or for statsd_exporter, which looks for tags of other dialects too.
const breaks = /[,=:|[\]\p{Cc}\u2028\u2029]/gu

/**
 * Lines as in `shop.calls,env=prod,method=sum:3|c`: the tags of all metrics, then the labels in their order; a label comes before a tag of its name.
 * In values `,`, `=`, `:`, `|`, brackets, controls and a backslash at the end become `_`; they end after 200 characters, and a tag
 * without a value is left out, for InfluxDB has none. In names `:` becomes `_`.
 *
 * Durations are timers (`ms`) in milliseconds, and what is none is a histogram (`h`) in its own unit: Telegraf treats both alike.
 */
export function influxStatsdFormat({ prefix, tags }: InfluxSender): LineFormat {
  const lineOf = ({ name, labels }: CheckedSpec, values: readonly string[], type: string) => {
    const list = seriesTags(tags, labels, values).filter(([, value]) => value !== '')
    const texts = list.map(([key, value]) => `,${key}=${valueText(value)}`)
    return line(`${prefix}${name.replaceAll(':', '_')}${texts.join('')}:`, `|${type}\n`)
  }
  return {
    signAdds: true,
    packsTimings: false,
    counter: (spec, values) => lineOf(spec, values, 'c'),
    gauge: (spec, values) => lineOf(spec, values, 'g'),
    timing: (spec, values, sampleRatio) => {
      const perUnit = millisecondsPer(spec.unit)
      const type = perUnit === undefined ? 'h' : 'ms'
      return { ...lineOf(spec, values, sampleRatio < 1 ? `${type}|@${sampleRatio}` : type), millisecondsPer: perUnit }
    },
  }
}

/** A value as it stands in a tag. */
export function valueText(value: string): string {
  return value
    .toWellFormed()
    .slice(0, longestValue)
    .replace(/\p{Cs}$/u, '')
    .replaceAll(breaks, '_')
    .replace(/\\$/, '_')
}
