// Runs the programs of package clients: silent while all goes well, and with the end of what they said when they fail.
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { RunOptions } from './server.ts'

/** A build from nothing takes minutes; one that takes this long hangs. */
const limitMs = 20 * 60_000
const linesShown = 15

/** Gives what the program printed to standard output. Once `signal` fires, the program is ended, and waited for. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: RunOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  signal?.throwIfAborted()
  // In the group of its caller: whatever ends that group, a terminal's Ctrl-C say, ends the program too.
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  })
  const end = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', end, { once: true })
  try {
    const exit = new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, by) => resolve(by === null ? `status ${code}` : by))
    })
    const [how, output, complaint] = await Promise.all([exit, text(child.stdout), text(child.stderr)])
    signal?.throwIfAborted()
    if (how === 'status 0') return output
    const line = [command, ...args].join(' ')
    // Where in its own code a package client failed helps nobody.
    const said = (output + complaint).replace(/^(npm error)?\s+at .*\n/gm, '')
    throw new Error(`${line.length > 200 ? `${line.slice(0, 200)}…` : line} ended with ${how}${tail(said)}`)
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** The last lines of what a program said, each indented on a line of its own; empty when it said nothing. */
export function tail(output: string, lines: number = linesShown): string {
  const said = output.trimEnd()
  return said === '' ? '' : `\n${said.split('\n').slice(-lines).join('\n')}`.replaceAll('\n', '\n    ')
}

/** The first program of that name on the PATH, or in one of the other folders. */
export function findProgram(name: string, ...others: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...others].filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
