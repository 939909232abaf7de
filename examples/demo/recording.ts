// A recording of a terminal as an SVG that moves by CSS alone, so that it can stand in a page that runs no scripts.

/** What a terminal showed from a moment on, in milliseconds since the beginning. */
export interface Frame {
  readonly atMs: number
  readonly lines: readonly string[]
}

/** A text in a row for a while. */
interface Span {
  readonly row: number
  readonly text: string
  readonly from: number
  readonly to: number
}

const fontSize = 13
const charWidth = 7.83
const lineHeight = 18
const margin = 16
// Long enough to read how it came out.
const restMs = 8_000
// Numbers that change more often than this cannot be read, and cost as much as those that can.
const leastMs = 500

/** Shows frames in their order, then the last one for a while, and begins anew. Where nothing can move it is the last one. */
export function recording(frames: readonly Frame[], columns: number): string {
  const shown = thinned(frames)
  const totalMs = (shown.at(-1)?.atMs ?? 0) + restMs
  const rows = Math.max(1, ...shown.map(({ lines }) => lines.length))
  const groups = Map.groupBy(spansOf(shown, totalMs), ({ from, to }) => `${from}-${to}`)
  const styles: string[] = []
  const bodies = Array.from(groups.values(), (spans, index) => {
    const [{ from, to }] = spans as [Span]
    const percent = (ms: number) => `${Number(((ms / totalMs) * 100).toFixed(3))}%`
    const hides = to < totalMs ? `${percent(to)}{opacity:0}` : ''
    const begins = from > 0 ? `0%{opacity:0}${percent(from)}{opacity:1}` : '0%{opacity:1}'
    styles.push(`@keyframes k${index}{${begins}${hides}}#g${index}{animation-name:k${index}}`)
    const last = to < totalMs ? '' : ' class="last"'
    return `<g id="g${index}"${last}>${spans.map(textOf).join('')}</g>`
  })
  const width = Math.round(columns * charWidth + 2 * margin)
  const height = rows * lineHeight + 2 * margin
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A run of ./dev demo in a terminal">`,
    '<style>',
    `text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}`,
    `.dim{fill:#8b949e}.good{fill:#56d364}g{opacity:0;animation:${totalMs / 1_000}s step-end infinite}.last{opacity:1}`,
    '@media (prefers-reduced-motion:reduce){g{animation:none!important}}',
    ...styles,
    '</style>',
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    ...bodies,
    '</svg>',
    '',
  ].join('\n')
}

/** Those that only change what is there, and come too soon after the one before, give way to the next one. */
function thinned(frames: readonly Frame[]): Frame[] {
  const kept: Frame[] = []
  frames.forEach((frame, at) => {
    const next = frames[at + 1]
    const last = kept.at(-1)
    const isSoon = last !== undefined && next !== undefined && next.atMs - last.atMs < leastMs
    if (!isSoon || next.lines.length !== frame.lines.length) kept.push(frame)
  })
  return kept
}

/** Each text for as long as it stands in its row. */
function spansOf(frames: readonly Frame[], totalMs: number): Span[] {
  const spans: Span[] = []
  const open = new Map<number, { text: string; from: number }>()
  const close = (row: number, to: number) => {
    const { text, from } = open.get(row) ?? { text: '', from: to }
    if (text.trim() !== '' && from < to) spans.push({ row, text, from, to })
    open.delete(row)
  }
  for (const { atMs, lines } of frames) {
    const rows = Math.max(lines.length, ...[...open.keys()].map((row) => row + 1))
    for (let row = 0; row < rows; row++) {
      const text = lines[row] ?? ''
      if (open.get(row)?.text === text) continue
      close(row, atMs)
      open.set(row, { text, from: atMs })
    }
  }
  for (const row of [...open.keys()]) close(row, totalMs)
  return spans
}

/** When it was is dimmed, and so is what is typed in. */
function textOf({ row, text }: Span): string {
  const y = margin + (row + 0.75) * lineHeight
  const [gutter = ''] = /^ *\d+\.\d s {2}|^\$ /.exec(text) ?? []
  const rest = escaped(text.slice(gutter.length))
  const dimmed = gutter === '' ? '' : `<tspan class="dim">${escaped(gutter)}</tspan>`
  const good = /^0 failed calls/.test(text) ? ' class="good"' : ''
  return `<text x="${margin}" y="${y}" xml:space="preserve"${good}>${dimmed}${rest}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
