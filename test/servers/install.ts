// Brings servers: those of one package client one after the other, different clients at the same time.
import { installationOf, installServer, sweep } from './installation.ts'
import type { Server } from './server.ts'

export interface InstallResult {
  readonly server: Server
  /** Why it is not installed. @default it is */
  readonly problem?: string | undefined
  /** Whether it cannot be had on this machine at all, for want of its package client. */
  readonly isUnavailable?: boolean | undefined
}

export interface InstallOptions {
  readonly cache: string
  say(line: string): void
  readonly signal?: AbortSignal | undefined
}

/** How often a step that takes long says that it is still at it. */
const heartbeatMs = 20_000

/** Settles when all are done or failed. Rejects only with the reason of `signal`. */
export async function install(servers: readonly Server[], options: InstallOptions): Promise<InstallResult[]> {
  await sweep(options.cache)
  const lanes = Map.groupBy(servers, ({ source }) => source.client)
  const results = await Promise.all([...lanes.values()].map((lane) => oneAfterTheOther(lane, options)))
  options.signal?.throwIfAborted()
  return results.flat()
}

async function oneAfterTheOther(servers: readonly Server[], options: InstallOptions): Promise<InstallResult[]> {
  const results: InstallResult[] = []
  for (const server of servers) results.push(await installOne(server, options))
  return results
}

async function installOne(server: Server, { cache, signal, ...options }: InstallOptions): Promise<InstallResult> {
  const say = (line: string) => {
    // What fails now does so because it was ended.
    if (!signal?.aborted) options.say(`${server.name}: ${line}`)
  }
  if (signal?.aborted) return { server, problem: 'interrupted' }
  const there = installationOf(server, cache)
  if (there !== undefined) {
    say(`is there (${there.version})`)
    return { server }
  }
  const missing = await server.source.missing()
  if (missing !== undefined) {
    say(`not to be had here: ${missing}`)
    return { server, problem: missing, isUnavailable: true }
  }

  const startedAt = performance.now()
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`
  const heartbeat = setInterval(() => say(`still at it (${seconds()})`), heartbeatMs)
  try {
    const { version } = await installServer(server, cache, { say, signal })
    say(`installed ${version} in ${seconds()}`)
    return { server }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    say(`failed: ${problem}`)
    return { server, problem }
  } finally {
    clearInterval(heartbeat)
  }
}
