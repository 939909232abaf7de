// Debian's packages as a source: downloaded and unpacked into our folder, never installed, so no system service and no root.
import { readdirSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from './command.ts'
import type { InstallTask, Source } from './server.ts'

/** The version is that of the first package. */
export function apt(first: string, ...others: readonly string[]): Source {
  return sourceOf([first, ...others], async () => [])
}

/** As `apt`, with the packages that those need and this machine has not: for programs with libraries of their own. See `libraryPath`. */
export function aptWithLibraries(first: string, ...others: readonly string[]): Source {
  return sourceOf([first, ...others], neededBy)
}

/** Where the programs of an installation find the libraries that came with them: for LD_LIBRARY_PATH. */
export function libraryPath(installed: string): string {
  const roots = ['usr/lib', 'lib'].map((folder) => join(installed, folder))
  return roots.flatMap((root) => foldersOf(root).map((name) => join(root, name))).join(':')
}

function foldersOf(root: string): string[] {
  try {
    return readdirSync(root).filter((name) => name.includes('-linux-'))
  } catch {
    return []
  }
}

/** Gives packages that are needed too. Options name the package lists. */
type Needed = (task: InstallTask, packages: readonly string[], options: readonly string[]) => Promise<readonly string[]>

function sourceOf(packages: readonly string[], needed: Needed): Source {
  return {
    client: 'apt',
    label: `Debian's ${packages.join(', ')}`,
    pins: [],
    missing: async () => {
      const missing = ['apt-get', 'dpkg-deb'].find((program) => findProgram(program) === undefined)
      return missing && `needs ${missing}: a Debian or Ubuntu`
    },
    install: (task) => install(task, packages, needed),
  }
}

/** What apt would install. It only says so: that needs no root, and changes nothing. */
async function neededBy(task: InstallTask, packages: readonly string[], options: readonly string[]): Promise<string[]> {
  const plan = await task.run('apt-get', [
    ...['--quiet', ...asWeAre, ...options],
    ...['--simulate', '--no-install-recommends', 'install', ...packages],
  ])
  const planned = Array.from(plan.matchAll(/^Inst (\S+) /gm), ([, name = '']) => name)
  return planned.filter((name) => !packages.includes(name))
}

async function install(task: InstallTask, packages: readonly string[], needed: Needed): Promise<string> {
  const downloads = join(task.folder, 'downloads')
  await mkdir(downloads)
  task.say(`downloading ${packages.join(', ')} with apt-get`)
  const fetch = async (options: readonly string[]) =>
    download(task, downloads, [...packages, ...(await needed(task, packages, options))], options)
  try {
    await fetch([])
  } catch {
    task.say('the package lists of this machine do not do; fetching fresh ones')
    await fetch(await freshLists(task, join(task.folder, 'lists')))
  }

  let version = ''
  for (const file of await readdir(downloads)) {
    const path = join(downloads, file)
    await task.run('dpkg-deb', ['--extract', path, task.folder])
    if (file.startsWith(`${packages[0]}_`)) version = (await task.run('dpkg-deb', ['--field', path, 'Version'])).trim()
  }
  for (const folder of [downloads, join(task.folder, 'lists')]) await rm(folder, { recursive: true, force: true })
  return version
}

// Without it, apt run by root becomes a user that may not write into our folder, and warns.
const asWeAre = ['-o', 'APT::Sandbox::User=root']

function download(task: InstallTask, cwd: string, packages: readonly string[], options: readonly string[]) {
  return task.run('apt-get', ['--quiet', ...asWeAre, ...options, 'download', ...packages], { cwd })
}

/** Lists of our own: those of the machine may be old or empty, and are for root to change. */
async function freshLists(task: InstallTask, folder: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'partial'), { recursive: true })
  const options = ['-o', `Dir::State::Lists=${folder}`, '-o', `Dir::Cache=${folder}`]
  await task.run('apt-get', ['--quiet', ...asWeAre, ...options, '-o', 'APT::Update::Error-Mode=any', 'update'])
  return options
}
