// Which core does what: what is measured has one of its own, and whoever loads it or serves it another.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** `measured` is the contender's, `other` that of everything else that works meanwhile. */
export type Core = 'measured' | 'other'

const cores = pair()

/** What keeps a command on its core: nothing where there is no `taskset`, or one core only. */
export function pinned(command: readonly string[], core: Core): readonly string[] {
  return cores === undefined ? command : ['taskset', '-c', String(cores[core]), ...command]
}

/** How it is to be read that nothing is pinned. */
export const unpinned: string | undefined =
  cores === undefined ? 'nothing has a core of its own here: that takes Linux, taskset and two cores' : undefined

function pair(): Record<Core, number> | undefined {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return undefined
  const [other, measured] = allowed()
  return other === undefined || measured === undefined ? undefined : { other, measured }
}

/** Under a quota or in a container they need not begin with 0. */
function allowed(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
}
