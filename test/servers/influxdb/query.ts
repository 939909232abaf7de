// Asks InfluxDB for what it knows.

/** One row, by the names of its columns: the tags that were asked for, and the fields. */
export type Row = Readonly<Record<string, string | number | null>>

interface Answer {
  readonly results?: readonly {
    readonly series?: readonly {
      readonly tags?: Readonly<Record<string, string>>
      readonly columns: readonly string[]
      readonly values: readonly (readonly (string | number | null)[])[]
    }[]
    readonly error?: string
  }[]
  readonly error?: string
}

/** The rows that an InfluxQL statement gives. Times are texts of nanoseconds, which no number of JavaScript holds. Rejects with what the server says. */
export async function query(url: string, statement: string, database = ''): Promise<Row[]> {
  const parameters = new URLSearchParams({ db: database, q: statement, epoch: 'ns' })
  const reply = await fetch(`${url}/query`, { method: 'POST', body: parameters })
  const exact = (await reply.text()).replaceAll(/\b(\d{17,})\b/g, '"$1"')
  const { results = [], error } = JSON.parse(exact) as Answer
  const failed = error ?? results.find((result) => result.error !== undefined)?.error
  if (failed !== undefined) throw new Error(`${statement}: ${failed}`)
  return results
    .flatMap(({ series = [] }) => series)
    .flatMap(({ tags = {}, columns, values }) =>
      values.map((row) => ({
        ...tags,
        ...Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])),
      })),
    )
}
