// The two forms of a result: a table for people, and one line of JSON for programs.
import type { Machine } from './machine.ts'
import type { Figure, RowResult } from './row.ts'

export interface Report {
  readonly claim: string
  readonly machine: Machine
  readonly results: readonly RowResult[]
}

export function json({ claim, machine, results }: Report): string {
  const figures = results.flatMap(({ figure, compared = [] }) => [figure, ...compared.map((peer) => peer.figure)])
  const rows = figures.map(({ value, spread, perSecond, ...figure }) => ({
    ...figure,
    value: rounded(value),
    spread: rounded(spread),
    ...(perSecond === undefined ? {} : { perSecond: rounded(perSecond) }),
  }))
  const compared = results.flatMap((result) => result.compared ?? [])
  const ratios = Object.fromEntries(compared.map(({ name, ratio }) => [name, rounded(ratio)]))
  const notes = results.flatMap((result) => result.notes ?? [])
  return JSON.stringify({ claim, machine, rows, ratios, ...(notes.length === 0 ? {} : { notes }) })
}

export function table({ machine, results }: Report): string {
  const { cpu, cores, os, node, versions } = machine
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const lines = [['', 'value', 'spread', 'a second', 'ratio', 'bar', '']]
  for (const { figure, compared = [] } of results) {
    lines.push([...cells(figure), '', '', figure.verdict ?? ''])
    for (const { figure: peer, ratio, bar } of compared) {
      const promised = bar === undefined ? ['', ''] : [`>= ${bar}`, ratio >= bar ? 'met' : 'MISSED']
      lines.push([...cells(peer), String(rounded(ratio)), ...promised])
    }
  }
  const about = [`${cpu}, ${cores} cores, ${os}`, [`node ${node}`, ...packages].join(', ')]
  about.push(...results.flatMap((result) => result.notes ?? []))
  about.push('A ratio says how many times better servicekit is than that peer.')
  return [...about, '', ...aligned(lines)].join('\n')
}

function cells({ name, value, unit, spread, perSecond }: Figure): string[] {
  return [
    name,
    `${rounded(value)} ${unit}`,
    `${(spread * 100).toFixed(1)} %`,
    perSecond === undefined ? '' : String(rounded(perSecond)),
  ]
}

/** The first column to the left, numbers to the right; no column that nothing is in. */
function aligned(lines: readonly string[][]): string[] {
  const used = (lines[0] ?? []).map((_, i) => lines.some((line, n) => n > 0 && line[i] !== ''))
  const kept = lines.map((line) => line.filter((_, i) => used[i]))
  const widths = (kept[0] ?? []).map((_, i) => Math.max(...kept.map((line) => line[i]?.length ?? 0)))
  return kept.map((line) => {
    const padded = line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    return padded.join('  ').trimEnd()
  })
}

/** Three digits: what is beyond them is noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
