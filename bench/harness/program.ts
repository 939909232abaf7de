// What a contender's process is started from, in whichever language it is written.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Something that speaks the protocol of `worker.ts`. */
export interface Program {
  readonly command: readonly string[]
  /** What else is to be known about it. @default nothing */
  readonly note?: string | undefined
}

/** Says why a program cannot run on this machine: a line of the report, and no failure. */
export class NotHere extends Error {}

const bench = join(import.meta.dirname, '..')

/** A file of TypeScript below `bench/`. */
export function nodeProgram(file: string, ...args: readonly string[]): Program {
  return { command: [process.execPath, join(bench, file), ...args] }
}

/** A folder below `bench/` with a Go module; builds it, and keeps what it built beside the peers. */
export function goProgram(folder: string): Program {
  const version = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  if (version.status !== 0) throw new NotHere('there is no go on the PATH')
  const built = join(bench, 'node_modules', '.cache', folder)
  mkdirSync(join(built, '..'), { recursive: true })
  const { status, stderr } = spawnSync('go', ['build', '-trimpath', '-o', built, '.'], {
    cwd: join(bench, folder),
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' },
  })
  if (status !== 0) throw new NotHere(`go could not build it: ${stderr.trim().replaceAll('\n', '; ')}`)
  return { command: ['env', 'GOMAXPROCS=1', built], note: `${version.stdout.trim()}, GOMAXPROCS=1` }
}
