// Layout: texts in as many columns as there are, without anything lost or cut in two.

/** Puts parts beside each other with two spaces between, and goes on in the next line where they do not fit. */
export function inLines(parts: readonly string[], columns: number): string[] {
  return filled(parts, '  ', columns)
}

/** Breaks a text between words; all lines but the first begin with as many spaces as `indent` says. */
export function wrapped(text: string, columns: number, indent = 0): string[] {
  const [first = '', ...rest] = filled(text.split(' '), ' ', columns)
  if (rest.length === 0 || indent >= columns / 2) return [first, ...rest]
  const more = filled(rest.join(' ').split(' '), ' ', columns - indent)
  return [first, ...more.map((line) => ' '.repeat(indent) + line)]
}

/** A column of a table. */
export interface Column {
  readonly title: string
  readonly cells: readonly string[]
  /** Text stands left, numbers right. @default right */
  readonly left?: boolean
  /** What stands in its place where not all columns fit. */
  readonly short?: Column
}

/** A table of the columns that fit, the first ones first; where not all do, those that have a short form take it. */
export function table(columns: readonly Column[], width: number): string[] {
  const sum = columns.reduce((so, column) => so + 2 + widthOf(column), -2)
  let used = -2
  const fitting = (sum <= width ? columns : columns.map((column) => column.short ?? column)).filter((column) => {
    used += widthOf(column) + 2
    return used <= width
  })
  const widths = fitting.map(widthOf)
  const row = (cell: (column: Column) => string) =>
    fitting
      .map((column, at) =>
        column.left === true ? cell(column).padEnd(widths[at] ?? 0) : cell(column).padStart(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rows = columns[0]?.cells ?? []
  return [row(({ title }) => title), ...rows.map((_, at) => row(({ cells }) => cells[at] ?? ''))]
}

function widthOf({ title, cells }: Column): number {
  return Math.max(title.length, ...cells.map(({ length }) => length))
}

/** A part that is longer than a line has one for itself, and is not cut. */
function filled(parts: readonly string[], gap: string, columns: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last === undefined || last.length + gap.length + part.length > columns) lines.push(part)
    else lines[lines.length - 1] = last + gap + part
  }
  return lines
}
