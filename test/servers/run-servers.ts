// The servers of one test run: its own processes in its own folder, so that it touches none that a person started.
import { join } from 'node:path'
import { variablesOf } from './addresses.ts'
import { installationOf } from './installation.ts'
import type { Running } from './record.ts'
import type { Server } from './server.ts'
import { startServer } from './start-server.ts'
import { killServer, stopServer } from './stop-server.ts'

export interface RunServers extends AsyncDisposable {
  /** For the tests. */
  readonly environment: Readonly<Record<string, string>>
  readonly started: readonly string[]
  /** Not installed. */
  readonly missing: readonly string[]
  /** Why servers that are installed did not start. */
  readonly problems: readonly string[]
}

/** Starts all that are installed, in folders below `folder`. Disposing stops them. */
export async function runServers(servers: readonly Server[], cache: string, folder: string): Promise<RunServers> {
  const environment: Record<string, string> = {}
  const started: string[] = []
  const missing: string[] = []
  const problems: string[] = []
  const bring = async (server: Server) => {
    const { name, serving } = server
    const installation = installationOf(server, cache)
    if (installation === undefined) return missing.push(name)
    try {
      let running: Running | undefined
      if (serving !== undefined) {
        running = await startServer(server, installation, { folder: join(folder, name) })
        started.push(name)
      }
      return Object.assign(environment, variablesOf(server, installation, running))
    } catch (error) {
      return problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  await Promise.all(servers.map(bring))
  return {
    environment,
    // In the order of the servers, not in that of their getting ready.
    started: servers.map(({ name }) => name).filter((name) => started.includes(name)),
    missing,
    problems,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map(({ name }) => stopServer(join(folder, name))))
    },
  }
}

/** Ends whatever was started below `folder`, without waiting: for a run that is ended itself. */
export function killRunServers(servers: readonly Server[], folder: string): void {
  for (const { name } of servers) killServer(join(folder, name))
}
