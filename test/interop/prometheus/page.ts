// Reads a metrics page as the specifications of both formats say, character by character: it knows nothing of how we write one.

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string | undefined
  readonly unit: string | undefined
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** As it was written. */
  readonly value: string
  readonly exemplar?: Exemplar | undefined
}

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
  readonly timestamp: string | undefined
}

type Open = { -readonly [K in keyof Family]: Family[K] } & { samples: Sample[] }

const suffixes: Readonly<Record<'text' | 'openmetrics', Readonly<Record<string, readonly string[]>>>> = {
  text: {
    counter: [''],
    gauge: [''],
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  },
  openmetrics: {
    counter: ['_total'],
    gauge: [''],
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  },
}

/** Throws an Error that shows the line when a page breaks a rule of its format. */
export function parsePage(page: string, format: 'text' | 'openmetrics'): Family[] {
  if (!page.endsWith('\n') && page !== '') throw new Error('the last line does not end')
  const lines = page === '' ? [] : page.slice(0, -1).split('\n')
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the page does not end with # EOF')
  const families: Open[] = []
  for (const line of lines) {
    try {
      readLine(line, families, format)
    } catch (error) {
      throw new Error(`${(error as Error).message}, in: ${line}`)
    }
  }
  if (new Set(families.map(({ name }) => name)).size !== families.length) throw new Error('a family comes twice')
  return families
}

function readLine(line: string, families: Open[], format: 'text' | 'openmetrics'): void {
  const [, kind, name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/s.exec(line) ?? []
  if (kind === undefined) {
    if (line.startsWith('#') || line === '') throw new Error('what is this')
    const sample = readSample(line, format)
    const family = families.at(-1)
    const fits = suffixes[format][family?.type ?? ''] ?? []
    if (!fits.some((suffix) => sample.name === `${family?.name}${suffix}`)) throw new Error('a sample of no family')
    family?.samples.push(sample)
    return
  }
  let family = families.at(-1)
  if (family?.name !== name || family.samples.length > 0) {
    family = { name, type: '', help: undefined, unit: undefined, samples: [] }
    families.push(family)
  }
  if (kind === 'TYPE') family.type = rest
  else if (kind === 'HELP') family.help = unescaped(rest, format === 'text' ? '\\n' : '\\n"')
  else if (format === 'openmetrics') family.unit = rest
  else throw new Error('there is no UNIT in the text format')
}

function readSample(line: string, format: 'text' | 'openmetrics'): Sample {
  const reader = new Reader(line)
  const name = reader.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y)
  const labels = reader.labels()
  reader.match(/ /y)
  const value = reader.match(/[^ ]+/y)
  if (!/^(?:NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.test(value)) throw new Error(`no number: ${value}`)
  let exemplar: Exemplar | undefined
  if (!reader.isDone && format === 'openmetrics') {
    reader.match(/ # /y)
    const of = reader.labels()
    reader.match(/ /y)
    const observed = reader.match(/[^ ]+/y)
    exemplar = { labels: of, value: observed, timestamp: reader.isDone ? undefined : reader.match(/ [\d.]+/y).slice(1) }
  }
  if (!reader.isDone) throw new Error('something follows')
  return { name, labels, value, ...(exemplar && { exemplar }) }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isDone(): boolean {
    return this.#at === this.#text.length
  }

  match(form: RegExp): string {
    form.lastIndex = this.#at
    const [found] = form.exec(this.#text) ?? []
    if (found === undefined) throw new Error(`${form} does not match at ${this.#at}`)
    this.#at += found.length
    return found
  }

  labels(): Record<string, string> {
    const labels: Record<string, string> = {}
    if (this.#text[this.#at] !== '{') return labels
    this.match(/\{/y)
    while (this.#text[this.#at] !== '}') {
      const name = this.match(/[a-zA-Z_][a-zA-Z0-9_]*/y)
      this.match(/="/y)
      if (Object.hasOwn(labels, name)) throw new Error(`label ${name} comes twice`)
      labels[name] = unescaped(this.match(/(?:[^"\\]|\\.)*/y), '\\n"')
      this.match(/"/y)
      if (this.#text[this.#at] !== '}') this.match(/,(?=[^}])/y)
    }
    this.match(/\}/y)
    return labels
  }
}

/** `escapable` are the characters that may follow a backslash; an unescaped quote is wrong where it should be escaped. */
function unescaped(text: string, escapable: string): string {
  if (escapable.includes('"') && /(?<!\\)(?:\\\\)*"/.test(text)) throw new Error('a bare quote')
  return text.replace(/\\(.?)/gs, (_, char: string) => {
    if (char === '' || !escapable.includes(char)) throw new Error(`\\${char} is no escape`)
    return char === 'n' ? '\n' : char
  })
}
