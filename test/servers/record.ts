// What is known of a server that was started: kept in a file, for the command that stops it is another process.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identityOf } from './process-identity.ts'

export interface Running {
  readonly pid: number
  /** Which process the pid meant when it was written. */
  readonly identity: string
  readonly version: string
  readonly ports: Readonly<Record<string, number>>
  readonly addresses: Readonly<Record<string, string>>
  readonly stopSignal: NodeJS.Signals
}

const file = 'running.json'
/** Outlives the record, so that whoever was given its address finds the server there again. */
const portsFile = 'ports.json'

/** The server's log, in its folder of the state. */
export const logOf = (folder: string): string => join(folder, 'log')

/** What was started in the folder and not stopped; it may have ended by itself. */
export function readRecord(folder: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'))
  } catch {
    return undefined
  }
}

/** Where it listened the last time that it was started in the folder. */
export function formerPorts(folder: string): Readonly<Record<string, number>> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, portsFile), 'utf8'))
  } catch {
    return undefined
  }
}

export function writeRecord(folder: string, running: Running): void {
  mkdirSync(folder, { recursive: true })
  // Renamed into place: who reads it meanwhile sees all of it or none.
  const fresh = join(folder, `${file}.${process.pid}`)
  writeFileSync(fresh, JSON.stringify(running, undefined, 2))
  renameSync(fresh, join(folder, file))
  writeFileSync(join(folder, portsFile), JSON.stringify(running.ports))
}

export function removeRecord(folder: string): void {
  rmSync(join(folder, file), { force: true })
}

/** Whether it still runs, and is not another process that has its number now. */
export const isAlive = ({ pid, identity }: Running): boolean => identityOf(pid) === identity
