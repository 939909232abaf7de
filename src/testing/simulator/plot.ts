// A report as a picture over time: one SVG with nothing from elsewhere in it, for light and for dark pages.

import { exactScale, linearScale, logScale, type Scale } from './scale.ts'
import type { SimulationData } from './simulation-data.ts'

/** Draws what was offered and what came of it, what arrived at each server, and the p99 of each load. */
export function plot(data: SimulationData): string {
  const { loads, servers } = data
  const perSecond = (values: readonly number[]) => values.map((count, i) => (count * 1_000) / lengthOf(data, i))
  const allLoads = (name: 'offered' | 'succeeded') => {
    const all = Object.values(loads).map(({ intervals }) => intervals[name])
    return perSecond((all[0] ?? []).map((_, i) => all.reduce((sum, counts) => sum + (counts[i] ?? 0), 0)))
  }
  const panels: Panel[] = [
    {
      title: 'calls a second',
      lines: [
        { name: 'offered', values: allLoads('offered') },
        { name: 'succeeded', values: allLoads('succeeded') },
      ],
    },
    {
      title: 'arrivals a second at each server',
      lines: Object.entries(servers).map(([name, { intervals }]) => ({ name, values: perSecond(intervals.arrived) })),
    },
    {
      title: 'p99 of each load, in milliseconds',
      isLogarithmic: true,
      lines: Object.entries(loads).map(([name, { intervals }]) => ({ name, values: intervals.p99Ms })),
    },
  ]
  const height = panels.length * panelHeight + 24
  const x = exactScale(data.fromMs / 1_000, data.untilMs / 1_000)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>Simulation with seed ${escaped(String(data.seed))}</title>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...panels.map((panel, i) => drawn(panel, i * panelHeight, x, data)),
    `<text x="${left + plotWidth}" y="${height - 6}" text-anchor="end">seconds</text>`,
    '</svg>',
    '',
  ].join('\n')
}

interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
  readonly isLogarithmic?: boolean
}

interface Line {
  readonly name: string
  /** One for each interval. */
  readonly values: readonly number[]
}

const width = 880
const left = 64
const plotWidth = width - left - 16
const panelHeight = 220
const top = 40
const plotHeight = 140
/** How many lines have a colour of their own. */
const colours = 8

// Plain rules, and no variables: programs that turn it into pixels know little of CSS.
const style = [
  'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.paper{fill:#fff}',
  '.grid{stroke:#d0d7de;fill:none}.line{fill:none;stroke-width:1.5}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#30363d}}',
  // Told apart by those who do not see all colours, and legible on both papers (Okabe and Ito, 2008).
  ...['#0072b2', '#e69f00', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#8c8c8c', '#a6761d'].map(
    (colour, i) => `.c${i}{stroke:${colour}}`,
  ),
].join('')

function drawn(panel: Panel, y: number, x: Scale, data: SimulationData): string {
  const scale = scaleOf(panel)
  const place = (value: number) => y + top + plotHeight * (1 - Math.min(Math.max(scale.share(value), 0), 1))
  const across = (seconds: number) => left + plotWidth * x.share(seconds)
  const bottom = y + top + plotHeight
  const parts = [`<text class="title" x="${left}" y="${y + 16}">${panel.title}</text>`]
  for (const tick of scale.ticks) {
    const at = place(tick).toFixed(1)
    parts.push(`<path class="grid" d="M${left} ${at}H${left + plotWidth}"/>`)
    parts.push(`<text x="${left - 6}" y="${at}" dy="4" text-anchor="end">${numeral(tick)}</text>`)
  }
  for (const tick of x.ticks) {
    const at = across(tick).toFixed(1)
    parts.push(`<path class="grid" d="M${at} ${bottom}v4"/>`)
    parts.push(`<text x="${at}" y="${bottom + 18}" text-anchor="middle">${numeral(tick)}</text>`)
  }
  let legendAt = left + plotWidth
  for (const [i, { name, values }] of [...panel.lines.entries()].reverse()) {
    const colour = `line c${i % colours}`
    // Seven pixels a letter is wide enough for all but the widest names.
    legendAt -= 7 * name.length + 34
    parts.push(`<path class="${colour}" d="M${legendAt} ${y + 12}h18"/>`)
    parts.push(`<text x="${legendAt + 22}" y="${y + 16}">${escaped(name)}</text>`)
    parts.push(`<path class="${colour}" d="${path(values, panel.isLogarithmic === true, data, across, place)}"/>`)
  }
  return parts.join('\n')
}

function scaleOf({ lines, isLogarithmic }: Panel): Scale {
  const values = lines.flatMap(({ values }) => [...values]).filter((value) => value > 0)
  const most = values.reduce((max, value) => Math.max(max, value), 0)
  if (!isLogarithmic) return linearScale(0, most)
  return most === 0
    ? logScale(1, 10)
    : logScale(
        values.reduce((min, value) => Math.min(min, value), most),
        most,
      )
}

/** A point for each interval, or for several where there are more than pixels: of these the highest, so that no peak is lost. */
function path(
  values: readonly number[],
  skipsZero: boolean,
  data: SimulationData,
  across: (seconds: number) => number,
  place: (value: number) => number,
): string {
  const together = Math.ceil(values.length / plotWidth)
  let text = ''
  let isDown = false
  for (let i = 0; i < values.length; i += together) {
    const value = Math.max(...values.slice(i, i + together))
    if (skipsZero && value === 0) {
      isDown = false
      continue
    }
    const end = Math.min(i + together, values.length)
    const middle = data.fromMs + ((i + end) / 2) * data.intervalMs
    const seconds = Math.min(middle, data.untilMs) / 1_000
    text += `${isDown ? 'L' : 'M'}${across(seconds).toFixed(1)} ${place(value).toFixed(1)}`
    isDown = true
  }
  return text
}

function lengthOf({ fromMs, untilMs, intervalMs }: SimulationData, index: number): number {
  return Math.min(intervalMs, untilMs - fromMs - index * intervalMs)
}

/** Without the noise of binary fractions. */
function numeral(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
