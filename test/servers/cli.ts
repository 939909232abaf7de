// `./dev servers`: installs, starts, stops and shows the real servers of the integration tests.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { install } from './install.ts'
import { installationOf } from './installation.ts'
import { lock } from './lock.ts'
import { placesOf } from './places.ts'
import { registry } from './registry.ts'
import type { Server } from './server.ts'
import { startServer } from './start-server.ts'
import { statusTable } from './status.ts'
import { stopServer } from './stop-server.ts'

/** The servers that were meant, and whether they were named. */
interface Asked {
  readonly servers: readonly Server[]
  readonly isNamed: boolean
}

const commands = { install: installAll, start: startAll, stop: stopAll, status: showAll } as const
const places = placesOf()
const interrupted = new AbortController()

/** Gives whether all went well. What cannot be had on this machine counts only when it was named. */
async function installAll({ servers, isNamed }: Asked): Promise<boolean> {
  const results = await install(servers, { cache: places.cache, say, signal: interrupted.signal })
  return results.every(({ problem, isUnavailable }) => problem === undefined || (isUnavailable && !isNamed))
}

async function startAll({ servers, isNamed }: Asked): Promise<boolean> {
  const installed = servers.filter((server) => installationOf(server, places.cache) !== undefined)
  const missing = servers.filter((server) => !installed.includes(server)).map(({ name }) => name)
  if (missing.length > 0) complain(`not installed: ${missing.join(', ')}; ./dev servers install ${missing.join(' ')}`)
  using _ = await lock(places.state, { say, signal: interrupted.signal })
  const started = await Promise.all(installed.filter(({ serving }) => serving !== undefined).map(startOne))
  return started.every(Boolean) && (missing.length === 0 || (!isNamed && installed.length > 0))
}

async function startOne(server: Server): Promise<boolean> {
  const installation = installationOf(server, places.cache)
  if (installation === undefined) return false
  try {
    const options = { folder: join(places.state, server.name), signal: interrupted.signal }
    const { addresses } = await startServer(server, installation, options)
    for (const [key, address] of Object.entries(addresses)) say(`${server.name} ${key}: ${address}`)
    return true
  } catch (error) {
    if (!interrupted.signal.aborted) complain(error instanceof Error ? error.message : String(error))
    return false
  }
}

async function stopAll({ servers }: Asked): Promise<boolean> {
  using _ = await lock(places.state, { say, signal: interrupted.signal })
  await Promise.all(
    servers.map(async ({ name }) => {
      if (await stopServer(join(places.state, name))) say(`${name}: stopped`)
    }),
  )
  return true
}

async function showAll({ servers }: Asked): Promise<boolean> {
  for (const line of await statusTable(servers, places)) say(line)
  return true
}

function ask(args: readonly string[]): [keyof typeof commands, Asked] {
  const [command = 'status', ...names] = parseArgs({ args: [...args], allowPositionals: true }).positionals
  if (!Object.hasOwn(commands, command))
    throw new TypeError(`cannot "${command}" servers; there are ${Object.keys(commands).join(', ')}`)
  const known = registry.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new TypeError(
      `there is no server ${unknown.map((name) => `"${name}"`).join(', ')}; servers: ${known.join(', ')}`,
    )
  const servers = registry.filter(({ name }) => names.length === 0 || names.includes(name))
  return [command as keyof typeof commands, { servers, isNamed: names.length > 0 }]
}

function say(line: string): void {
  console.log(line)
}

function complain(line: string): void {
  console.error(`dev: ${line}`)
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => {
    process.exitCode = status
    interrupted.abort(new Error(signal))
  })
}

try {
  const [command, asked] = ask(process.argv.slice(2))
  const isFine = await commands[command](asked)
  process.exitCode ??= isFine ? 0 : 1
} catch (error) {
  // How it was called is wrong, or it was interrupted, or something is really wrong: a full disk, say.
  const isMisuse = error instanceof TypeError
  if (!interrupted.signal.aborted) complain(error instanceof Error ? error.message : String(error))
  process.exitCode ??= isMisuse ? 2 : 1
}
