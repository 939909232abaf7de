// The page of statsd_exporter, for tests: what it knows, and what it complains of.

/** The numbers of its page, by series as they stand there. */
export async function page(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return new Map(Array.from(text.matchAll(/^([^#\s].*) (\S+)$/gm), ([, series = '', value]) => [series, Number(value)]))
}

/** A series as it stands there. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const list = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  const texts = list.map(([label, value]) => `${label}="${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`)
  return texts.length === 0 ? name : `${name}{${texts.join(',')}}`
}

/** What it complains of. */
export async function complaints(url: string): Promise<[series: string, value: number][]> {
  const complaint = /^statsd_exporter_.*(?:error|conflict|drop|too_long)/
  return [...(await page(url))].filter(([series, value]) => complaint.test(series) && value !== 0)
}
