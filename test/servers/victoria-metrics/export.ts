// Reads back from VictoriaMetrics the very samples that it has.

/** One series: its labels, `__name__` among them, and its samples, oldest first. */
export interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly number[]
  /** Milliseconds since the epoch. */
  readonly timestamps: readonly number[]
}

/** All series that match a selector, like `{__name__=~"shop_.*"}`. */
export async function exported(url: string, selector: string): Promise<ExportedSeries[]> {
  const parameters = new URLSearchParams({ 'match[]': selector })
  const reply = await fetch(`${url}/api/v1/export?${parameters}`)
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`)
  const lines = (await reply.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as ExportedSeries)
}
