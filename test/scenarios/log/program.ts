// Programs that log, in processes of their own, and the ends of pipes that they write to: who reads, and when, is up to the test.
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const root = join(import.meta.dirname, '../../..')

const prelude = `
import { fileDescriptor } from 'servicekit/log/stream/file-descriptor'
import { file } from 'servicekit/log/stream/file'
import { stderr, stdout } from 'servicekit/log/stream/stdout'
const turn = () => new Promise(setImmediate)
const line = (n) => String(n).padEnd(99, '.') + '\\n'
let lines = 0
const log = (stream, many = 1) => { for (let n = 0; n < many; n++) stream.write(line(lines++)) }
`

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly tookMs: number
  /** What came out of its standard error, where that is a pipe of ours. */
  readonly stderr: string
}

/** A program that runs. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** Runs a module that can use `stdout`, `stderr`, `file`, `fileDescriptor`, `line(n)`, `log(stream, many)` and `turn()`. */
export function program(code: string, stdio: StdioOptions): Program {
  const startedAt = performance.now()
  const args = ['--input-type=module', '--eval', prelude + code]
  const child = spawn(process.execPath, args, { cwd: root, stdio, env: { ...process.env, NODE_TEST_CONTEXT: '' } })
  const said = child.stderr === null ? '' : text(child.stderr)
  const ended = once(child, 'exit').then(async ([exitCode, signal]) => {
    const tookMs = performance.now() - startedAt
    return { code: exitCode, signal, tookMs, stderr: await said }
  })
  return {
    child,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A pipe of the kernel, which Node's own children do not get: they get sockets. */
export interface Pipe extends Disposable {
  /** Goes to the program; to be closed here once it has it. */
  readonly writer: number
  /** Reads all until nobody writes any more; nothing before it is called. */
  read(): Promise<string>
  /** Leaves the writers without a reader. */
  close(): void
}

/** Opens a pipe. */
export function pipe(): Pipe {
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const end = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  rmSync(folder, { recursive: true })
  let reader: Socket | undefined
  return {
    writer,
    read() {
      reader = new Socket({ fd: end, readable: true, writable: false })
      return text(reader)
    },
    close: () => (reader === undefined ? closeSync(end) : void reader.destroy()),
    [Symbol.dispose]() {
      reader?.destroy()
    },
  }
}

/** The numbers of the lines in a text, and what of it is no whole line. */
export function linesOf(written: string): { readonly numbers: number[]; readonly torn: string[] } {
  const numbers: number[] = []
  const torn: string[] = []
  for (const one of written.split(/(?<=\n)/)) {
    if (one.length === 100 && /^\d+\.*\n$/.test(one)) numbers.push(Number.parseInt(one, 10))
    else if (one !== '') torn.push(one)
  }
  return { numbers, torn }
}

/** Numbers from 0 on. */
export function upTo(many: number): number[] {
  return Array.from({ length: many }, (_, n) => n)
}
