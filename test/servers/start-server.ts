// Starts one server in the background, and waits until it answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tail } from './command.ts'
import { freePorts } from './free-ports.ts'
import type { Installation } from './installation.ts'
import { identityOf } from './process-identity.ts'
import { formerPorts, isAlive, logOf, type Running, readRecord, removeRecord, writeRecord } from './record.ts'
import type { Place, Server, Serving } from './server.ts'
import { stopServer } from './stop-server.ts'

export interface StartOptions {
  /** Where the record, the log and the data go. */
  readonly folder: string
  /** To be listened on again, with the data of before. @default those of before where they are still free, and no data */
  readonly ports?: Readonly<Record<string, number>> | undefined
  readonly signal?: AbortSignal | undefined
}

const pollMs = 50
/** Between finding a free port and listening on it, somebody else may take it. */
const triesForPorts = 3

/** Gives what runs, also when it was running before. Rejects with the end of the log when the server does not get ready. */
export async function startServer(server: Server, installation: Installation, options: StartOptions): Promise<Running> {
  const { name, serving } = server
  if (serving === undefined) throw new Error(`${name} has nothing to start`)
  const { folder, signal } = options
  const data = join(folder, 'data')
  const before = readRecord(folder)
  if (before !== undefined && isAlive(before)) {
    await untilReady(
      name,
      serving,
      before,
      { installed: installation.folder, folder: data, ports: before.ports },
      options,
    )
    return before
  }
  for (let left = triesForPorts; ; left--) {
    if (options.ports === undefined) rmSync(data, { recursive: true, force: true })
    mkdirSync(data, { recursive: true })
    const wanted = left === triesForPorts ? formerPorts(folder) : undefined
    const ports = options.ports ?? (await freePorts(serving.ports, wanted))
    const place = { installed: installation.folder, folder: data, ports }
    const running = await launch(serving, place, installation.version, folder)
    try {
      await untilReady(name, serving, running, place, options)
      return running
    } catch (error) {
      await stopServer(folder)
      const isTaken = /address already in use|EADDRINUSE/i.test(String(error))
      if (!isTaken || options.ports !== undefined || left === 1 || signal?.aborted) throw error
    }
  }
}

async function launch(serving: Serving, place: Place, version: string, folder: string): Promise<Running> {
  const { command, args, env } = await serving.launch(place)
  const log = openSync(logOf(folder), 'w')
  try {
    // The leader of a group of its own: it outlives this process, a terminal's Ctrl-C does not reach it, and its helpers end with it.
    const child = spawn(command, args, {
      cwd: place.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    })
    await once(child, 'spawn')
    child.unref()
    const pid = child.pid as number
    const running = {
      pid,
      // One that has ended already has no identity left, and none is ever equal to this.
      identity: identityOf(pid) ?? 'ended at once',
      version,
      ports: place.ports,
      addresses: serving.addresses(place),
      stopSignal: serving.stopSignal ?? 'SIGTERM',
    }
    writeRecord(folder, running)
    return running
  } catch (error) {
    removeRecord(folder)
    throw error
  } finally {
    closeSync(log)
  }
}

async function untilReady(
  name: string,
  serving: Serving,
  running: Running,
  place: Place,
  { folder, signal }: StartOptions,
): Promise<void> {
  const limitMs = serving.readyWithinMs ?? 30_000
  const giveUpAt = performance.now() + limitMs
  const logged = () => tail(readFileSync(logOf(folder), 'utf8'))
  for (;;) {
    if (!isAlive(running)) throw new Error(`${name} ended before it was ready${logged()}`)
    if (await answers(serving, place)) return
    if (performance.now() > giveUpAt) throw new Error(`${name} was not ready within ${limitMs / 1_000} s${logged()}`)
    await sleep(pollMs, undefined, { signal })
  }
}

/** Asks once. Whoever accepts the question and never answers is not ready. */
async function answers(serving: Serving, place: Place): Promise<boolean> {
  const patience = sleep(2_000, false, { ref: false })
  const asked = (async () => serving.isReady(place))().catch(() => false)
  return Promise.race([asked, patience])
}
