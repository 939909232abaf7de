// The two formats of the page, and which of them a request asks for: what Prometheus calls scrape protocols.

/** `text` is Prometheus' own text format 0.0.4, `openmetrics` is OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics'

/** What a page says of itself. */
export const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** One member of an `Accept` or `Accept-Encoding` header. */
interface Range {
  readonly name: string
  readonly version: string | undefined
  readonly quality: number
}

/** The ranges that mean the text format, the most specific first: that one decides (RFC 9110, 12.5.1). */
const textRanges: readonly ((range: Range) => boolean)[] = [
  ({ name, version }) => name === 'text/plain' && version === '0.0.4',
  ({ name, version }) => name === 'text/plain' && version === undefined,
  ({ name }) => name === 'text/*',
  ({ name }) => name === '*/*',
]

/**
 * The format that an `Accept` header asks for. OpenMetrics is only for those who name it, and like the text format at
 * least as much; everybody else gets text, also who accepts neither: a page that can be read helps more than a refusal.
 */
export function formatOf(accept: string | null): Format {
  const ranges = rangesOf(accept)
  const openMetrics = best(
    ranges.filter(
      ({ name, version }) => name === 'application/openmetrics-text' && (version === undefined || version === '1.0.0'),
    ),
  )
  const deciding = textRanges.map((fits) => ranges.filter(fits)).find((found) => found.length > 0) ?? []
  return openMetrics > 0 && openMetrics >= best(deciding) ? 'openmetrics' : 'text'
}

/** Whether an `Accept-Encoding` header allows gzip, and does not like the page better as it is. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const ranges = rangesOf(acceptEncoding)
  const named = (...names: readonly string[]) => ranges.filter(({ name }) => names.includes(name))
  const gzip = named('gzip', 'x-gzip')
  const quality = best(gzip.length > 0 ? gzip : named('*'))
  return quality > 0 && quality >= best(named('identity'))
}

function rangesOf(header: string | null): Range[] {
  return (header ?? '').split(',').map((member) => {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase())
    const parameter = (key: string) => parameters.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1)
    return { name, version: parameter('version')?.replaceAll('"', ''), quality: qualityOf(parameter('q')) }
  })
}

/** What cannot be read asks for nothing. */
function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1
  return /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/.test(text) ? Number(text) : 0
}

function best(ranges: readonly Range[]): number {
  return Math.max(0, ...ranges.map(({ quality }) => quality))
}
