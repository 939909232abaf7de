// The table of the servers: what is installed, what runs and where, and how to get the rest.
import { join } from 'node:path'
import { installationOf } from './installation.ts'
import type { Places } from './places.ts'
import { isAlive, logOf, readRecord } from './record.ts'
import type { Server } from './server.ts'

const head = ['name', 'version', 'state', 'address', 'how to get it']

/** Lines with aligned columns, the first of which is the head. */
export async function statusTable(servers: readonly Server[], places: Places): Promise<string[]> {
  const rows = await Promise.all(servers.map((server) => row(server, places)))
  return align([head, ...rows])
}

async function row(server: Server, places: Places): Promise<string[]> {
  const { name, source, serving } = server
  const folder = join(places.state, name)
  const running = readRecord(folder)
  if (running !== undefined && isAlive(running))
    return [name, running.version, 'running', running.addresses['url'] ?? '', source.label]

  const installed = installationOf(server, places.cache)
  if (installed === undefined) {
    const missing = await source.missing()
    if (missing !== undefined) return [name, '', 'not to be had', '', missing]
    return [name, '', 'not installed', '', `./dev servers install ${name}`]
  }
  // It ended without having been stopped.
  if (running !== undefined) return [name, installed.version, 'died', `see ${logOf(folder)}`, source.label]
  return [name, installed.version, serving === undefined ? 'installed' : 'stopped', '', source.label]
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
