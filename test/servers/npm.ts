// The npm registry as a source: what a lock names, installed without running its scripts.
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from './command.ts'
import type { Source } from './server.ts'

/** `folder` has package.json and package-lock.json, which name the package. */
export function npm(folder: string, name: string): Source {
  const files = ['package.json', 'package-lock.json']
  return {
    client: 'npm',
    label: `${name} of npm`,
    pins: files.map((file) => join(folder, file)),
    missing: async () => (findProgram('npm') === undefined ? 'needs npm on the PATH' : undefined),
    install: async (task) => {
      for (const file of files) await copyFile(join(folder, file), join(task.folder, file))
      task.say(`installing ${name} with npm`)
      await task.run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: task.folder,
      })
      return JSON.parse(await readFile(join(task.folder, 'node_modules', name, 'package.json'), 'utf8')).version
    },
  }
}
