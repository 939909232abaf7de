// What the numbers depend on beside the code: without it they cannot be compared with anybody else's.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { join } from 'node:path'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly node: string
  /** Of servicekit and of the peers, by package. */
  readonly versions: Readonly<Record<string, string>>
}

export function machine(packages: readonly string[]): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    os: `${process.platform} ${process.arch} ${release()}`,
    node: process.version,
    versions: Object.fromEntries(['servicekit', ...packages].map((name) => [name, versionOf(name)])),
  }
}

/** Read from the file: few packages let their package.json be imported. */
function versionOf(name: string): string {
  const path = join(import.meta.dirname, '..', 'node_modules', name, 'package.json')
  const manifest: { version: string } = JSON.parse(readFileSync(path, 'utf8'))
  return manifest.version
}
