// Stops one server by its process id, if that still means the same process, and waits until it has ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type Running, readRecord, removeRecord } from './record.ts'

const graceMs = 10_000
const pollMs = 20

/** Gives whether there was something to stop. */
export async function stopServer(folder: string): Promise<boolean> {
  const running = readRecord(folder)
  if (running === undefined) return false
  const wasAlive = isAlive(running)
  if (wasAlive) {
    signalTo(running.pid, running.stopSignal)
    const killAt = performance.now() + graceMs
    while (isAlive(running) && performance.now() < killAt) await sleep(pollMs)
    // What is left of its group: itself, when it did not obey, and helpers that it did not end.
    signalTo(-running.pid, 'SIGKILL')
    while (isAlive(running)) await sleep(pollMs)
  }
  removeRecord(folder)
  return wasAlive
}

/** Ends it as a crash would, without waiting: for tests of crashes, and for a process that must end now. */
export function killServer(folder: string): void {
  const running = readRecord(folder)
  if (running !== undefined && isAlive(running)) killGroup(running)
}

function killGroup({ pid }: Running): void {
  signalTo(-pid, 'SIGKILL')
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
