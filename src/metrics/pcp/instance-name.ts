// Names of instances: what the labels of a series are in PCP, which has one flat name in their place.
import { byteLength } from '../../primitives/byte-length.ts'
import { cutText } from '../../primitives/cut-text.ts'
import { murmur3 } from '../../primitives/murmur3.ts'

// PCP compares names up to the first space.
const escaped = /[%,"\s\p{Cc}]/gu

/**
 * Gives `method=sum,code=ok`, and with a statistic `method=sum,code=ok,p99`. In values `%`, `,`, `"`, spaces and controls are written as in a URL, so that different
 * values are different names; a name that would have more than `maxBytes` ends with its hash.
 */
export function instanceName(
  labels: readonly string[],
  values: readonly string[],
  statistic: string | undefined,
  maxBytes: number,
): string {
  const pairs = labels.map(
    (label, index) => `${label}=${(values[index] ?? '').replaceAll(escaped, encodeURIComponent)}`,
  )
  const end = statistic === undefined ? '' : statistic
  const series = pairs.join(',')
  const separator = series !== '' && end !== '' ? ',' : ''
  const room = maxBytes - byteLength(separator) - byteLength(end)
  return `${fitting(series, room)}${separator}${end}`
}

const hashChars = 9

function fitting(name: string, maxBytes: number): string {
  if (byteLength(name) <= maxBytes) return name
  return `${cutText(name, maxBytes - hashChars)}~${murmur3(name)
    .toString(16)
    .padStart(hashChars - 1, '0')}`
}
