// What was installed of one server: complete or not there at all, because it is renamed into place when all is done.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { identityOf } from './process-identity.ts'
import type { Server } from './server.ts'

export interface Installation {
  readonly folder: string
  readonly version: string
}

const manifest = 'installed.json'

/** What is installed of the server as it is pinned today. */
export function installationOf(server: Server, cache: string): Installation | undefined {
  const folder = folderOf(server, cache)
  try {
    return { folder, version: JSON.parse(readFileSync(join(folder, manifest), 'utf8')).version }
  } catch {
    return undefined
  }
}

/** Installs the server. Rejects with what its package client said, or with the reason of `signal`. */
export async function installServer(
  server: Server,
  cache: string,
  { say, signal }: { say(line: string): void; signal?: AbortSignal | undefined },
): Promise<Installation> {
  const folder = folderOf(server, cache)
  const fresh = freshFolder(cache, server.name)
  try {
    const task = {
      folder: fresh,
      say,
      run: (command: string, args: readonly string[], options = {}) => run(command, args, { ...options, signal }),
    }
    const version = await server.source.install(task)
    await writeFile(join(fresh, manifest), JSON.stringify({ version, source: server.source.label }))
    await rename(fresh, folder).catch((error) => {
      // Somebody else was quicker, with the same pins and so with the same result.
      if (installationOf(server, cache) === undefined) throw error
    })
    return { folder, version }
  } finally {
    await rm(fresh, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Removes what interrupted installations left. */
export async function sweep(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  for (const name of await readdir(cache)) {
    const pid = /^fresh-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && identityOf(Number(pid)) === undefined)
      await rm(join(cache, name), { recursive: true, force: true })
  }
}

function freshFolder(cache: string, name: string): string {
  const folder = join(cache, `fresh-${process.pid}-${name}`)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A folder per pins: two checkouts of different age share the cache without taking each other's servers away. */
function folderOf({ name, source }: Server, cache: string): string {
  const hash = createHash('sha256').update([source.label, process.platform, process.arch].join('\n'))
  for (const pin of source.pins) hash.update('\0').update(readFileSync(pin))
  return join(cache, `${name}-${hash.digest('hex').slice(0, 12)}`)
}
