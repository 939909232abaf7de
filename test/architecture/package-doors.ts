// The doors of the package: each leads where its name says, and none into a private room.
import { posix } from 'node:path'
import { placeOf } from './plan.ts'
import type { Source, Violation } from './sources.ts'

/** What the package lets in from outside: a subpath and the file it leads to. */
export interface PackageDoor {
  /** `.`, `./resilience/retry`. */
  readonly name: string
  /** `src/resilience/retry.ts`. */
  readonly path: string
}

/** The files of `platform/` that users may import. */
const publicPlatform = ['src/platform/signals.ts', 'src/platform/event-loop.ts']

/** The doors that lead to sources; `./package.json` is none. */
export function doorsOf(manifest: { readonly exports: Readonly<Record<string, unknown>> }): PackageDoor[] {
  return Object.entries(manifest.exports)
    .filter(([name]) => name !== './package.json')
    .map(([name, target]) => ({ name, path: typeof target === 'string' ? posix.normalize(target) : '' }))
}

/** Refuses doors into nothing, into private rooms, and with names that say something else than the path behind them. */
export function packageDoors(sources: readonly Source[], doors: readonly PackageDoor[]): Violation[] {
  const paths = new Set(sources.map(({ path }) => path))
  return doors.flatMap(({ name, path }) => {
    const wrong = paths.has(path) ? misleading(name, path) : missing(name, path)
    return wrong === undefined ? [] : [{ file: 'package.json', line: 1, message: `the door ${name} ${wrong}` }]
  })
}

function missing(name: string, path: string): string {
  if (path === '') return 'must be a plain path: choices by runtime go through "imports"'
  if (name.includes('*')) return 'must be one file: a pattern opens files that nobody decided to publish'
  return `leads to ${path}, which does not exist`
}

function misleading(name: string, path: string): string | undefined {
  const room = placeOf(path)?.room
  if (room === 'primitives' || (room === 'platform' && !publicPlatform.includes(path)))
    return `leads to ${path}, which is private`
  const folder = posix.join('src', name)
  if (path === `${folder}.ts` || path.startsWith(posix.join(folder, '/'))) return undefined
  return `leads to ${path}: the import path is the folder path`
}
