// A report as a table for terminals: fixed decimals and no locale, so that the same run is the same text.
import type { CallReport } from './call-tally.ts'
import type { SimulationData } from './simulation-data.ts'

/** Ends with a line break. */
export function reportText(data: SimulationData): string {
  const { seed, fromMs, untilMs, loads, servers, clients, pending } = data
  const hasFailures = Object.values(loads).some(({ failed }) => failed > 0)
  const calls = Object.entries(loads).flatMap(([name, load]) => [
    callRow(name, load, hasFailures),
    ...Object.entries(load.byCriticality).map(([level, report]) => callRow(`  ${level}`, report, hasFailures)),
  ])
  const failures = Object.entries(loads).flatMap(([name, load]) =>
    Object.entries(load.failures).map(([code, count]) => [name, code, String(count)]),
  )
  const parts = [
    `Seed ${seed}, from ${seconds(fromMs)} to ${seconds(untilMs)} of virtual time.`,
    table(
      [
        'load',
        'offered',
        'a second',
        'succeeded',
        'success',
        'goodput/s',
        ...quantileNames,
        ...(hasFailures ? [failedName] : []),
      ],
      calls,
    ),
    table(['failed', 'code', 'calls'], failures),
    table(
      ['server', 'instances', 'arrived', 'amplification', 'utilisation', 'waiting', 'refused', 'failed', 'abandoned'],
      Object.entries(servers).map(([name, server]) => [
        name,
        String(server.instances),
        String(server.arrived),
        server.amplification.toFixed(3),
        `${(server.utilisation * 100).toFixed(1)} %`,
        server.waiting.toFixed(1),
        String(server.refused),
        String(server.failed),
        String(server.abandoned),
      ]),
    ),
    table(
      ['client', 'server', 'calls', 'attempts', 'a call'],
      Object.entries(clients).map(([name, client]) => [
        name,
        client.server,
        String(client.calls),
        String(client.attempts),
        client.attemptsPerCall.toFixed(3),
      ]),
    ),
    `Pending: ${pending.calls} calls, ${pending.served} at instances, ${pending.timers} timers.`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

const quantileNames = ['p50 ms', 'p90 ms', 'p95 ms', 'p99 ms', 'p99.9 ms', 'max ms'] as const
/** The other quantiles are those of successes: calls that fail late do not show in them. */
const failedName = 'failed p99 ms'

function callRow(name: string, report: CallReport, hasFailures: boolean): string[] {
  const { p50, p90, p95, p99, p999, max } = report.latencyMs
  return [
    name,
    String(report.offered),
    report.offeredPerSecond.toFixed(1),
    String(report.succeeded),
    share(report.successRatio),
    report.goodputPerSecond.toFixed(1),
    ...[p50, p90, p95, p99, p999, max].map((ms) => ms.toFixed(2)),
    ...(hasFailures ? [report.failed === 0 ? '' : report.failedAfterMs.p99.toFixed(2)] : []),
  ]
}

/** Rounded down: only what has no failure at all is 100 %. */
function share(ratio: number): string {
  return `${(Math.floor(ratio * 1e6) / 1e4).toFixed(4)} %`
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(3))} s`
}

/** Names to the left, numbers to the right; nothing when there are no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const lines = [head, ...rows]
  const isText = head.map((_, i) => rows.every((row) => !/^[\d.]+(?: %)?$/.test(row[i] ?? '')))
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => (isText[i] ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
