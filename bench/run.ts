// Runs one claim against servicekit as it is published, because the sources with their stripped types are not what users run.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [claim, ...flags] = process.argv.slice(2)
const unknown = flags.find((flag) => flag !== '--json')
if (unknown !== undefined) {
  console.error(`dev: bench does not know ${unknown}`)
  process.exit(2)
}

const root = join(import.meta.dirname, '..')
installPackage(join(import.meta.dirname, 'node_modules', 'servicekit'))
const child = spawn(process.execPath, [join(import.meta.dirname, `${claim}.ts`), ...flags], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))

/** Unpacks what would be published beside the peers; npm install would rewrite the lock that pins them. */
function installPackage(target: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-bench-'))
  try {
    quietly(process.execPath, join(root, 'build.ts'), join(folder, 'dist'))
    quietly('npm', 'pack', join(folder, 'dist'), '--pack-destination', folder, '--loglevel=error')
    const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target, { recursive: true })
    quietly('tar', '-xzf', join(folder, String(tarball)), '-C', target, '--strip-components=1')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Stdout belongs to the claim, whose reader may be a program. */
function quietly(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 2, 'inherit'] })
}
