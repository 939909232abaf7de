// PyPI as a source: what a requirements.txt pins, in a virtual environment of its own.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from './command.ts'
import type { Source } from './server.ts'

/** `folder` has requirements.txt, which pins the package and all that it needs. Its programs come to lie in `venv/bin/`. */
export function pypi(folder: string, name: string): Source {
  const requirements = join(folder, 'requirements.txt')
  return {
    client: 'pip',
    label: `${name} of PyPI`,
    pins: [requirements],
    missing: async () => (findProgram('python3') === undefined ? 'needs python3 with venv on the PATH' : undefined),
    install: async (task) => {
      const venv = join(task.folder, 'venv')
      task.say(`installing ${name} with pip`)
      await task.run(findProgram('python3') ?? 'python3', ['-m', 'venv', venv])
      const quiet = ['--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-deps']
      await task.run(join(venv, 'bin/python'), ['-m', 'pip', 'install', ...quiet, '-r', requirements])
      const pinned = await readFile(requirements, 'utf8')
      return new RegExp(`^${name}==(\\S+)`, 'm').exec(pinned)?.[1] ?? ''
    },
  }
}
