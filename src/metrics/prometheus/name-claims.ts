// Which names of the page are taken, so that two metrics which would be mixed up are told apart when the second one is made.
import type { MetricOutline } from '../registry.ts'
import { type ExposedName, exposedName } from './exposed-name.ts'

const suffixes: Readonly<
  Record<MetricOutline['kind'], { readonly text: readonly string[]; readonly openMetrics: readonly string[] }>
> = {
  counter: { text: [''], openMetrics: ['_total'] },
  gauge: { text: [''], openMetrics: [''] },
  histogram: { text: ['_bucket', '_sum', '_count'], openMetrics: ['_bucket', '_sum', '_count'] },
  summary: { text: ['', '_sum', '_count'], openMetrics: ['', '_sum', '_count'] },
}

/** The names that metrics and their samples have in either format, and whose they are. */
export class NameClaims {
  /** The metric of each name, by format, by whether it is that of a metric or of a sample, and by name. */
  readonly #owners = new Map<string, string>()

  /** Takes the names of a metric. Throws a TypeError that names both metrics when one of them is taken, or when the metric cannot be shown. */
  claim(metric: MetricOutline): ExposedName {
    const name = exposedName(metric)
    const claims = claimsOf(metric.kind, name)
    const own = metric.spec.name
    for (const claim of claims) {
      const owner = this.#owners.get(claim)
      if (owner !== undefined && owner !== own)
        throw new TypeError(`metric ${own} cannot be told from metric ${owner} by Prometheus: both have ${claim}`)
    }
    for (const claim of claims) this.#owners.set(claim, own)
    return name
  }

  /** The metric that has one of these names already; undefined where they are free. */
  ownerOf(kind: MetricOutline['kind'], name: Pick<ExposedName, 'text' | 'openMetrics'>): string | undefined {
    return claimsOf(kind, name)
      .map((claim) => this.#owners.get(claim))
      .find((owner) => owner !== undefined)
  }
}

/** All names by which a request can ask for a metric. */
export function namesOf(
  kind: MetricOutline['kind'],
  { text, openMetrics }: Pick<ExposedName, 'text' | 'openMetrics'>,
): string[] {
  const samples = suffixes[kind]
  return [
    openMetrics,
    ...samples.text.map((suffix) => text + suffix),
    ...samples.openMetrics.map((suffix) => openMetrics + suffix),
  ]
}

function claimsOf(
  kind: MetricOutline['kind'],
  { text, openMetrics }: Pick<ExposedName, 'text' | 'openMetrics'>,
): string[] {
  return [
    `the name ${text}`,
    `the OpenMetrics name ${openMetrics}`,
    ...suffixes[kind].text.map((suffix) => `samples ${text}${suffix}`),
    ...suffixes[kind].openMetrics.map((suffix) => `OpenMetrics samples ${openMetrics}${suffix}`),
  ]
}
