// How addresses of servers reach the tests: one variable of the environment for each.
import { join } from 'node:path'
import { type Installation, installationOf } from './installation.ts'
import { placesOf } from './places.ts'
import { isAlive, type Running, readRecord } from './record.ts'
import { registry } from './registry.ts'
import type { Server } from './server.ts'

/** What a test needs to know of a server, by variable: the addresses of one that runs, and the programs that came with it. */
export function variablesOf(
  { name, programs = {} }: Server,
  installation: Installation,
  running: Running | undefined,
): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [key, address] of Object.entries(running?.addresses ?? {})) variables[variableOf(name, key)] = address
  for (const [key, path] of Object.entries(programs)) variables[variableOf(name, key)] = join(installation.folder, path)
  return variables
}

/**
 * An address of a server, or the path of one of its programs. The test run gives them by environment; a test that is run
 * by itself finds what `./dev servers start` started. Throws when the server is not there: see `skipUnless`.
 */
export function addressOf(name: string, key = 'url'): string {
  const address = find(name, key)
  if (address === undefined) throw new Error(`${name} has no ${key} here: ${howToGet(name)}`)
  return address
}

/** Options for `describe` and `it`: skips where one of the servers is not there, and says which command brings it. */
export function skipUnless(...names: readonly string[]): { readonly skip: string | false } {
  const missing = names.filter((name) => find(name, mainKeyOf(serverOf(name))) === undefined)
  return { skip: missing.length > 0 && `${missing.join(' and ')} not there: ${howToGet(missing.join(' '))}` }
}

const howToGet = (names: string): string => `./dev servers install ${names} && ./dev test`

/** As in SERVICEKIT_STATSD_EXPORTER_URL. */
function variableOf(name: string, key: string): string {
  return `SERVICEKIT_${name}_${key}`.replaceAll('-', '_').toUpperCase()
}

function find(name: string, key: string): string | undefined {
  const given = process.env[variableOf(name, key)]
  if (given !== undefined) return given
  const server = serverOf(name)
  const places = placesOf()
  const installation = installationOf(server, places.cache)
  const running = readRecord(join(places.state, name))
  if (installation === undefined) return undefined
  return variablesOf(server, installation, running && isAlive(running) ? running : undefined)[variableOf(name, key)]
}

const mainKeyOf = ({ serving, programs = {} }: Server): string =>
  serving === undefined ? (Object.keys(programs)[0] ?? 'url') : 'url'

function serverOf(name: string): Server {
  const server = registry.find((known) => known.name === name)
  if (server === undefined) throw new Error(`there is no server "${name}" in test/servers/registry.ts`)
  return server
}
