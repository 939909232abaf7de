// Programs that run as one: a server and what it does not run without. All end when one of them does, or is told to.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Launch } from './server.ts'

/** Some end no sooner than their last caller has left. */
const patienceMs = 1_000

/** Starts them in this order, and ends them in the opposite one. */
export function sideBySide(...launches: readonly Launch[]): Launch {
  return { command: process.execPath, args: [import.meta.filename, JSON.stringify(launches)] }
}

/** Resolves when all have ended. */
async function runAll(launches: readonly Launch[]): Promise<void> {
  const stopping = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.resolve())
  const children: ChildProcess[] = []
  for (const { command, args, env } of launches) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'inherit' })
    for (const event of ['error', 'exit']) child.once(event, () => stopping.resolve())
    children.push(child)
  }
  await stopping.promise
  for (const child of children.toReversed()) await end(child)
}

async function end(child: ChildProcess): Promise<void> {
  const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null
  if (!isRunning || !child.kill('SIGTERM')) return
  const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await once(child, 'exit')
  clearTimeout(impatient)
}

if (process.argv[1] === import.meta.filename) {
  await runAll(JSON.parse(process.argv[2] ?? '[]'))
  // The signals that it listens for do not hold it; this says so where a program's pipe does.
  process.exit()
}
