// Go modules as a source: programs built from a go.mod and a go.sum, which pin every line of them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram, run } from './command.ts'
import type { Source } from './server.ts'

export interface GoModule {
  /** Has go.mod and go.sum. */
  readonly folder: string
  /** The module whose version is shown. */
  readonly module: string
  /** Package by program: `./x` for one of the folder, or a path as in an import. */
  readonly programs: Readonly<Record<string, string>>
  /** Sources of ours, in the folder. @default none */
  readonly sources?: readonly string[] | undefined
  /** What goes to the linker besides leaving out symbols. @default nothing */
  readonly linkerFlags?: string | undefined
}

/** The programs come to lie in `bin/`. */
export function go({ folder, module, programs, sources = [], linkerFlags = '' }: GoModule): Source {
  const mod = join(folder, 'go.mod')
  const find = (pattern: RegExp) => readFile(mod, 'utf8').then((text) => pattern.exec(text)?.[1] ?? '')
  return {
    client: 'go',
    label: `${module} of Go`,
    pins: [mod, ...['go.sum', ...sources].map((file) => join(folder, file))],
    missing: async () => {
      const wanted = await find(/^go (\d+\.\d+)/m)
      const found = await goVersion()
      if (found !== undefined && Number(found.split('.')[1]) >= Number(wanted.split('.')[1])) return undefined
      return `needs Go ${wanted} or later on the PATH${found === undefined ? '' : `, which has ${found}`}`
    },
    install: async (task) => {
      for (const [name, path] of Object.entries(programs)) {
        task.say(`building ${name} with go`)
        const flags = ['-trimpath', '-buildvcs=false', `-ldflags=-s -w ${linkerFlags}`.trimEnd()]
        await task.run(program() ?? 'go', ['build', ...flags, '-o', join(task.folder, 'bin', name), path], {
          cwd: folder,
          env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off' },
        })
      }
      return find(new RegExp(`^(?:require)?\\s*${module.replaceAll('.', '\\.')} v(\\S+)`, 'm'))
    },
  }
}

// Go's own instructions unpack it there, and leave the PATH to the reader.
const program = (): string | undefined => findProgram('go', '/usr/local/go/bin')

async function goVersion(): Promise<string | undefined> {
  const path = program()
  if (path === undefined) return undefined
  const output = await run(path, ['version'], { env: { GOTOOLCHAIN: 'local' } }).catch(() => '')
  return /go(\d+\.\d+)/.exec(output)?.[1]
}
