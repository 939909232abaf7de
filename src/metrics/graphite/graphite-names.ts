// The names of series in Graphite: with tags as it has them since version 1.1, or as paths alone.
import type { CheckedSpec } from '../metric-spec.ts'

/** How series are named. */
export interface GraphiteNames {
  /** What stands for the values of the labels. Values that are written alike make the same text. */
  series(spec: CheckedSpec, values: readonly string[]): string
  /** The name of one number: a metric, what `series` gave, and which number of it; '' where there is only one. */
  name(spec: CheckedSpec, series: string, field: string): string
}

/** carbon ends the connection at a line of more than 16,384 bytes. */
const mostChars = 4_000
/** No folder has a longer name on any file system, and nobody reads a longer one. */
const longestTag = 200
const longestPart = 100

/**
 * `rpc.calls;code=ok;method=sum`, as in "Graphite Tag Support". Labels follow in their order, then `tags`, of which one whose name is a label's is left out. In a value white space, `;`, `"` and what cannot be
 * printed become `_`, as does a `~` at its beginning; an empty one is `_`, and one of more than 200 characters ends there. A label called `name`, which is
 * the metric's own tag, is `name_`.
 */
export function taggedNames(prefix: string, tags: Readonly<Record<string, string>>): GraphiteNames {
  const all = Object.entries(tags)
  return {
    series: ({ labels }, values) => {
      const others = all.filter(([name]) => !labels.includes(name))
      const most = Math.min(longestTag, Math.floor(mostChars / (labels.length + others.length)))
      const own = labels.map((label, index) => `;${tagName(label, labels)}=${tagValue(values[index] ?? '', most)}`)
      return [...own, ...others.map(([name, value]) => `;${name}=${tagValue(value, most)}`)].join('')
    },
    name: ({ name }, series, field) => `${prefix}${name}${suffix(field)}${series}`,
  }
}

/**
 * `rpc.calls.sum.ok`: values of labels are parts of the path, in the order of the labels. What is neither an ASCII letter nor a digit, `_` or `-` becomes
 * `_` in them, an empty one is `_`, and one of more than 100 characters ends there.
 */
export function pathNames(prefix: string): GraphiteNames {
  return {
    series: (_, values) => values.map((value) => `.${pathPart(value)}`).join(''),
    name: ({ name }, series, field) => `${prefix}${name.replaceAll(':', '_')}${series}${suffix(field)}`,
  }
}

function tagName(label: string, labels: readonly string[]): string {
  if (label !== 'name') return label
  let name = 'name_'
  while (labels.includes(name)) name += '_'
  return name
}

// carbon splits a line at what Python takes for white space: the separators U+001C to U+001F and U+0085 too, which are no white space here.
// A line that ends in `"}` it would read as OpenMetrics.
function tagValue(value: string, most: number): string {
  return value
    .slice(0, most)
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\p{Cf};"]/gu, '_')
    .replace(/^~|^$/, '_')
}

function pathPart(value: string): string {
  return value.slice(0, longestPart).replaceAll(/[^A-Za-z0-9_-]/gu, '_') || '_'
}

/** A dot would lead a level down: `p99.9` is `p99_9`. */
function suffix(field: string): string {
  return field === '' ? '' : `.${field.replaceAll('.', '_')}`
}
