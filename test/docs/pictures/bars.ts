// Draws how calls were spread: a bar for each instance, and what came of it in words. One SVG with nothing from elsewhere in it.

/** One instance. */
export interface Bar {
  readonly label: string
  /** Of all calls that arrived anywhere, from 0 to 1. */
  readonly share: number
  /** Whether it is the one that is not well. */
  readonly isIll: boolean
}

/** One way that an instance can be unwell. */
export interface Panel {
  readonly title: string
  readonly bars: readonly Bar[]
  /** Of the calls that succeeded. */
  readonly p99Ms: number
  /** The share of calls that failed, from 0 to 1. */
  readonly failureRatio: number
}

const panelWidth = 250
const height = 196
const top = 52
const plotHeight = 84
const bottom = top + plotHeight
const barWidth = 34
/** The share of a bar that is as high as the plot. */
const most = 0.75

// Plain rules, and no variables: programs that turn it into pixels know little of CSS. The two colours are told apart by
// those who do not see all of them (Okabe and Ito, 2008), and the ill one is hatched and named besides.
const style = [
  'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.small{font-size:11px}.paper{fill:#fff}',
  '.base{stroke:#8c959f;fill:none}.well{fill:#0072b2}.ill{fill:#d55e00}.hatch{stroke:#fff;stroke-width:2}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.base{stroke:#6e7681}.well{fill:#56b4e9}',
  '.hatch{stroke:#0d1117}}',
].join('')

/** Gives the same bytes for the same panels. */
export function barsOf(title: string, panels: readonly Panel[]): string {
  const width = panels.length * panelWidth
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(`${title}: ${panels.map(inWords).join('; ')}`)}</title>`,
    `<style>${style}</style>`,
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">',
    '<rect class="ill" width="6" height="6"/><path class="hatch" d="M0 0V6"/></pattern></defs>',
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...panels.map((panel, at) => drawn(panel, at * panelWidth)),
    '</svg>',
    '',
  ].join('\n')
}

function drawn({ title, bars, p99Ms, failureRatio }: Panel, left: number): string {
  const middle = left + panelWidth / 2
  const step = (panelWidth - 30) / bars.length
  const parts = [`<text class="title" x="${middle}" y="20" text-anchor="middle">${escaped(title)}</text>`]
  for (const [at, { label, share, isIll }] of bars.entries()) {
    const x = left + 15 + step * (at + 0.5)
    const high = Math.max(1, (Math.min(share, most) / most) * plotHeight)
    const y = (bottom - high).toFixed(1)
    const fill = isIll ? 'fill="url(#hatch)"' : 'class="well"'
    parts.push(`<rect ${fill} x="${x - barWidth / 2}" y="${y}" width="${barWidth}" height="${high.toFixed(1)}"/>`)
    parts.push(`<text x="${x}" y="${(bottom - high - 5).toFixed(1)}" text-anchor="middle">${percent(share)}</text>`)
    parts.push(`<text class="small" x="${x}" y="${bottom + 15}" text-anchor="middle">${escaped(label)}</text>`)
  }
  parts.push(`<path class="base" d="M${left + 15} ${bottom}.5H${left + panelWidth - 15}"/>`)
  const outcome = `p99 ${milliseconds(p99Ms)}, ${failures(failureRatio)}`
  parts.push(`<text class="title" x="${middle}" y="${bottom + 44}" text-anchor="middle">${outcome}</text>`)
  return parts.join('\n')
}

function inWords({ title, bars, p99Ms, failureRatio }: Panel): string {
  const shares = bars.map(({ label, share }) => `${label} ${percent(share)}`).join(', ')
  return `${title} (${shares}): p99 ${milliseconds(p99Ms)}, ${failures(failureRatio)}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function milliseconds(ms: number): string {
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${ms.toFixed(0)} ms`
}

function failures(ratio: number): string {
  return ratio === 0 ? 'none fails' : `${percent(ratio)} fail`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
