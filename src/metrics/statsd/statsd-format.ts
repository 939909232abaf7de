// The lines of StatsD itself, which has no labels: their values are parts of the name.
import type { CheckedSpec } from '../metric-spec.ts'
import { type LineFormat, line } from './line-format.ts'
import { millisecondsPer } from './milliseconds.ts'

/** Graphite makes a folder of each part of a name, and no file system takes more than 255 characters. */
const longestValue = 100

/**
 * Values of labels follow the name of the metric in the order of its labels, as in `rpc.server.calls.sum.ok`. What is neither an ASCII letter
 * nor a digit, `_` or `-` becomes `_` in them, an empty one is `_`, and one of more than 100 characters ends there: different values may thus
 * become the same series. `prefix` stands before each name as it is.
 */
export function statsdFormat(prefix: string): LineFormat {
  const lineOf = (spec: CheckedSpec, values: readonly string[], after: string) => {
    const name = `${prefix}${spec.name.replaceAll(':', '_')}${values.map((value) => `.${part(value)}`).join('')}`
    return line(`${name}:`, `|${after}\n`)
  }
  return {
    signAdds: true,
    packsTimings: false,
    counter: (spec, values) => lineOf(spec, values, 'c'),
    gauge: (spec, values) => lineOf(spec, values, 'g'),
    timing: (spec, values, sampleRatio) => ({
      ...lineOf(spec, values, sampleRatio < 1 ? `ms|@${sampleRatio}` : 'ms'),
      millisecondsPer: millisecondsPer(spec.unit),
    }),
  }
}

function part(value: string): string {
  return value.slice(0, longestValue).replaceAll(/[^A-Za-z0-9_-]/gu, '_') || '_'
}
