// Runs the steps of `dev check`, `dev unit` and `dev test`, each in processes of its own, so that a crash or a hang in one is counted and hides no other.
import { type ChildProcess, spawn } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { Counts } from './count-reporter.ts'
import { placesOf } from './servers/places.ts'
import { registry } from './servers/registry.ts'
import { killRunServers, runServers } from './servers/run-servers.ts'

/** Test files that run together. */
interface Suite {
  readonly name: string
  readonly files: readonly string[]
  readonly node?: string | undefined
  readonly flags?: readonly string[] | undefined
  readonly reporter?: string | undefined
  /** How long one test may take. @default 120_000 */
  readonly testTimeoutMs?: number | undefined
  /** On top of the environment there is. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** How long a step may take before it counts as hung: a test that never yields cannot time out by itself. */
const stepTimeoutMs = 10 * 60_000
/** Some servers are built from their sources. */
const installTimeoutMs = 45 * 60_000
/** Time for node --test to say which files were running when it is told to end. */
const lastWordsMs = 1_000
const pack = 'test/pack.test.ts'

const scratch = mkdtempSync(join(tmpdir(), 'servicekit-run-'))
const serversFolder = join(scratch, 'servers')
const groups = new Set<ChildProcess>()
const failedSteps: string[] = []
let isStopping = false

async function main(command: string | undefined, args: readonly string[]): Promise<Counts> {
  if (command === 'check' && args.length === 0) return check()
  if (command === 'unit') return unit(args)
  if (command === 'test') return everything(args)
  return usage(`cannot run "${[command, ...args].join(' ')}"; see ./dev help`)
}

async function check(): Promise<Counts> {
  const rules = quick('architecture', [
    '--test',
    '--test-reporter=./test/failure-reporter.ts',
    'test/architecture.test.ts',
  ])
  return sum(await Promise.all([...compilers(), rules]))
}

function compilers(): Promise<Counts>[] {
  const types = (project: string) => ['node_modules/typescript/bin/tsc', '--noEmit', '-p', project]
  return [
    quick('format and lint', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.']),
    quick('types', types('tsconfig.json')),
    quick('types of the core, without Node', types('tsconfig.core.json')),
    quick('types of the build', types('tsconfig.build.json')),
  ]
}

async function unit(args: readonly string[]): Promise<Counts> {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const [pattern = '', ...rest] = args.slice(0, end)
  if (pattern.startsWith('-') || rest.length > 0)
    return usage('unit takes one pattern; flags of node --test go after --')
  const files = unitFiles().filter((file) => file.includes(pattern))
  if (pattern !== '' && files.length === 0) throw new Error(`no file of src/**/*.test.ts has "${pattern}" in its path`)
  const counts = await suite({
    name: 'unit',
    files,
    flags: args.slice(end + 1),
    reporter: pattern === '' ? undefined : 'spec',
  })
  return lastLine(counts)
}

async function everything(args: readonly string[]): Promise<Counts> {
  const { values } = parseArgs({ args: [...args], options: { 'also-on': { type: 'string' } } })
  const alsoOn = values['also-on']
  const house = globSync(['test/*.test.ts', 'test/{servers,types}/**/*.test.ts'], { exclude: [pack] })
  const counts = [...(await Promise.all(compilers())), await suite({ name: 'unit', files: unitFiles() })]
  if (alsoOn !== undefined)
    counts.push(await suite({ name: 'unit, on the oldest Node', files: unitFiles(), node: resolve(alsoOn) }))
  counts.push(await suite({ name: 'house', files: house }))
  counts.push(await suite({ name: 'package', files: [pack], testTimeoutMs: 300_000 }))
  counts.push(await suite({ name: 'documentation', files: globSync('test/docs/**/*.test.ts') }))
  for (const [name, pattern] of [
    ['scenarios', 'test/scenarios/**/*.test.ts'],
    ['interop', 'test/interop/**/*.test.ts'],
    ['integration', 'test/integration/**/*.test.ts'],
    ['examples', 'examples/**/*.test.ts'],
    ['benchmarks', 'bench/harness/**/*.test.ts'],
  ] as const) {
    const files = globSync(pattern, { exclude: ['**/node_modules'] })
    if (files.length > 0) counts.push(name === 'integration' ? await integration(files) : await suite({ name, files }))
  }
  return lastLine(sum(counts))
}

/** With the servers that are installed. Where CI is set all are brought first, and one that is missing is a failure. */
async function integration(files: readonly string[]): Promise<Counts> {
  const isStrict = (process.env['CI'] ?? '') !== ''
  if (isStrict) {
    const args = ['test/servers/cli.ts', 'install']
    await ended(start(process.execPath, args, ['ignore', 'inherit', 'inherit']), installTimeoutMs)
  }
  const startedAt = performance.now()
  await using servers = await runServers(registry, placesOf().cache, serversFolder)
  const { environment: env, started, missing, problems } = servers
  const lines = [`running: ${started.join(', ') || 'none'}`]
  if (missing.length > 0) lines.push(`not installed: ${missing.join(', ')}; ./dev servers install`)
  const failed = problems.length + (isStrict ? missing.length : 0)
  const counts = { passed: Number(failed === 0), failed, skipped: 0 }
  report('servers', counts, startedAt, [...lines, ...problems].join('\n'))
  return sum([counts, await suite({ name: 'integration', files, env })])
}

const unitFiles = (): string[] => globSync('src/**/*.test.ts')

/** A step that is one yes or no: silent while it runs, and shows its output only when it failed. */
async function quick(name: string, args: readonly string[]): Promise<Counts> {
  const startedAt = performance.now()
  const child = start(process.execPath, args, ['ignore', 'pipe', 'pipe'])
  const [code, ...output] = await Promise.all([ended(child), read(child.stdout), read(child.stderr)])
  const counts = { passed: Number(code === 0), failed: Number(code !== 0), skipped: 0 }
  report(name, counts, startedAt, code === 0 ? '' : output.join('').trimEnd())
  return counts
}

async function suite({ name, files, node = process.execPath, flags = [], ...options }: Suite): Promise<Counts> {
  const startedAt = performance.now()
  const countsFile = join(scratch, `${name}.json`)
  const args = [
    '--test',
    // One file at a time would be the default on two processors.
    `--test-concurrency=${availableParallelism()}`,
    `--test-timeout=${options.testTimeoutMs ?? 120_000}`,
    `--test-reporter=${options.reporter ?? './test/failure-reporter.ts'}`,
    '--test-reporter-destination=stdout',
    '--test-reporter=./test/count-reporter.ts',
    `--test-reporter-destination=${countsFile}`,
    '--import=./test/no-leftovers.ts',
    ...flags,
    ...[...files].sort(),
  ]
  // Without files, node --test would go and look for some.
  const code = files.length === 0 ? 0 : await ended(start(node, args, ['ignore', 'inherit', 'inherit'], options.env))
  const counts = await readFile(countsFile, 'utf8').then(parseCounts, () => noCounts)

  const ran = counts.passed + counts.failed + counts.skipped
  const trouble =
    code !== 0 && counts.failed === 0 ? `the test runner ended with ${code}` : ran === 0 ? 'no test ran' : ''
  const result = trouble === '' ? counts : { ...counts, failed: counts.failed + 1 }
  report(name, result, startedAt, trouble)
  return result
}

/** Starts a child as the leader of a process group of its own, so that whatever it starts can be ended with it. */
function start(
  command: string,
  args: readonly string[],
  stdio: ('ignore' | 'inherit' | 'pipe')[],
  env: Suite['env'] = {},
): ChildProcess {
  const path = [dirname(command), process.env['PATH']].join(delimiter)
  const child = spawn(command, args, { stdio, detached: true, env: { ...process.env, ...env, PATH: path } })
  groups.add(child)
  return child
}

/** Resolves with the child's exit code or signal, once nothing of its group is left. */
function ended(child: ChildProcess, limitMs: number = stepTimeoutMs): Promise<number | string> {
  const limit = setTimeout(() => {
    console.error(`not finished after ${limitMs / 60_000} minutes`)
    child.kill('SIGTERM')
    setTimeout(() => killGroup(child), lastWordsMs)
  }, limitMs)
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(limit)
      killGroup(child)
      groups.delete(child)
      // A run that is being stopped ends in stop(), not with the next step.
      if (!isStopping) settle(signal ?? code ?? 1)
    })
  })
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is gone, which is what was wanted.
  }
}

function stop(code: number): void {
  // Asked a second time: at once.
  if (isStopping) process.exit(code)
  isStopping = true
  for (const child of groups) child.kill('SIGTERM')
  setTimeout(() => process.exit(code), lastWordsMs)
}

const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 }
const parseCounts = (json: string): Counts => (json === '' ? noCounts : JSON.parse(json))
const read = (stream: ChildProcess['stdout']) => (stream === null ? '' : text(stream))

function sum(all: readonly Counts[]): Counts {
  const total = (key: keyof Counts) => all.reduce((so, counts) => so + counts[key], 0)
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') }
}

const inWords = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

function report(name: string, counts: Counts, startedAt: number, details: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  const numbers = counts.passed + counts.failed + counts.skipped > 1 ? `: ${inWords(counts)}` : ''
  console.log(`${counts.failed === 0 ? '✔' : '✖'} ${name}${numbers} (${seconds} s)`)
  if (details !== '') console.log(details)
  if (counts.failed > 0) failedSteps.push(name)
}

function lastLine(counts: Counts): Counts {
  if (failedSteps.length > 0) console.log(`failed: ${failedSteps.join('; ')}`)
  console.log(inWords(counts))
  return counts
}

function usage(message: string): never {
  console.error(`dev: ${message}`)
  process.exit(2)
}

process.chdir(join(import.meta.dirname, '..'))
process.on('SIGINT', () => stop(130))
process.on('SIGTERM', () => stop(143))
process.on('SIGHUP', () => stop(129))
process.once('exit', () => {
  for (const child of groups) killGroup(child)
  killRunServers(registry, serversFolder)
  // A server that was just killed may still be writing there.
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
})

try {
  const [command, ...args] = process.argv.slice(2)
  const { failed } = await main(command, args)
  process.exitCode = failed === 0 ? 0 : 1
} catch (error) {
  console.error(`dev: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
