// Every process that a row starts is known here, so that none is left behind, however the row ends.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Core, pinned } from './cores.ts'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Starts a command on a core. Its stdin and stdout are pipes; what it complains about is shown. */
export function start(command: readonly string[], core: Core, env: SpawnOptions['env'] = process.env) {
  const [file = '', ...args] = pinned(command, core)
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
  running.add(child)
  child.once('exit', () => running.delete(child))
  // It ended before it was told something: whoever waits for its answer says so.
  child.stdin.on('error', () => {})
  return child
}

/** Ends a process that `start` gave, unless it has ended. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
