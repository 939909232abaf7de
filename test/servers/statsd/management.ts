// What statsd tells on its management port.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { runInNewContext } from 'node:vm'

/** Gives what it answers to a command, of the server at `management` as `addresses` has it. */
export async function manage(management: string, command: string): Promise<string> {
  const { hostname, port } = new URL(management)
  const socket = connect(Number(port), hostname)
  socket.end(`${command}\n`)
  return await text(socket)
}

/** What it has added up, by name: it prints an object of JavaScript. */
export async function totals(management: string, kind: 'counters' | 'gauges'): Promise<Record<string, number>> {
  return read(await manage(management, kind))
}

/** The values of timers, by name; the first hundred of each. */
export async function timers(management: string): Promise<Record<string, number[]>> {
  return read((await manage(management, 'timers')).replaceAll(/,\s+\.\.\. \d+ more items?/g, ''))
}

function read<T>(answer: string): T {
  return runInNewContext(`(${answer.replace(/END\s*$/, '')})`)
}
