// Where the programs of the documentation are compiled and run: a folder of the package, so that they can import it by its name.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './snippets.ts'

const root = join(import.meta.dirname, '../..')
const workshop = join(root, '.docs-cache')
const limitMs = 20_000
/** Long enough for a process that nothing holds to end by itself. */
const holdMs = 300

/** How a process ended. */
export interface Ending {
  /** The exit code, or the signal: SIGKILL when it took longer than 20 s. */
  readonly by: number | NodeJS.Signals
  /** Whether its signal found it still running; false where it has none. */
  readonly stayedUp: boolean
  readonly stdout: string
  readonly stderr: string
}

/** What the compiler has to say. */
export interface Complaint {
  /** Undefined when it is about another file, or about none. */
  readonly program: Program | undefined
  /** With the line of the page where there is a program. */
  readonly text: string
}

/** Writes the programs into the workshop and compiles them all at once, as strictly as the house itself. */
export async function compile(programs: readonly Program[]): Promise<readonly Complaint[]> {
  await rm(workshop, { recursive: true, force: true })
  await mkdir(workshop)
  await writeFile(join(workshop, 'tsconfig.json'), '{ "extends": "../tsconfig.json", "include": ["**/*.ts"] }\n')
  for (const program of programs) {
    await mkdir(join(workshop, program.page), { recursive: true })
    await writeFile(join(workshop, program.page, program.file), program.code)
  }
  if (programs.length === 0) return []

  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { by, stdout, stderr } = await execute([compiler, '--pretty', 'false'], workshop)
  // A line that begins with white space goes on with the complaint before.
  const texts = stdout.split(/\n(?=\S)/).filter((text) => text.trim() !== '')
  if (by !== 0 && texts.length === 0) throw new Error(`the compiler ended with ${by}\n${stderr}`)
  return texts.map((text) => {
    const program = programs.find(({ page, file }) => text.startsWith(`${page}/${file}(`))
    if (program === undefined) return { program, text }
    const { page, line } = program
    return { program, text: text.replace(/^.*?\((\d+),\d+\)/, (_, at) => `${page}:${line + Number(at)}`) }
  })
}

/** Runs a program that `compile` wrote, and sends its signal some time after the first line of output has come. */
export function run({ page, file, signal }: Program): Promise<Ending> {
  return execute([file], join(workshop, page), signal)
}

async function execute(args: readonly string[], cwd: string, signal?: NodeJS.Signals): Promise<Ending> {
  // A program that uses node:test must not take itself for a part of this run.
  // A program that reads its port from there gets one that is free.
  const env = { ...process.env, PORT: '0', NODE_TEST_CONTEXT: undefined }
  const child = spawn(process.execPath, args, { cwd, env, timeout: limitMs, killSignal: 'SIGKILL' })
  child.stdin.end()
  let stdout = ''
  let stderr = ''
  let stayedUp = false
  let sending: NodeJS.Timeout | undefined
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (signal === undefined || !stdout.includes('\n')) return
    sending ??= setTimeout(() => {
      stayedUp = child.kill(signal)
    }, holdMs)
  })
  const [code, killedBy] = await once(child, 'close')
  clearTimeout(sending)
  return { by: killedBy ?? code, stayedUp, stdout, stderr }
}
