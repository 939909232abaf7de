// What keeps a server busy, from the other core: wrk where there is one, for it takes the least of the machine, or else autocannon.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { start } from './children.ts'
import { Contender } from './contender.ts'
import { nodeProgram } from './program.ts'

/** A POST with a JSON body, again and again. */
export interface Job {
  readonly path: string
  readonly body: string
  /** How many calls are open at any time, each on a connection of its own. */
  readonly connections: number
}

export interface Load {
  /** Which generator it is. */
  readonly note: string
  /** Loads a server for a slice. Throws when a call failed. */
  on(url: string): Promise<{ readonly calls: number; readonly seconds: number }>
  stop(): Promise<void>
}

/** wrk knows whole seconds only. */
const sliceSeconds = 1

/** Everything that is started for it ends with `stop`. */
export function startLoad(job: Job): Promise<Load> {
  // Without arguments wrk explains itself and ends with 1.
  return spawnSync('wrk').error === undefined ? wrk(job) : autocannon(job)
}

async function wrk({ path, body, connections }: Job): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-wrk-'))
  const removed = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removed)
  const script = join(folder, 'post.lua')
  writeFileSync(script, lua(body))
  return {
    note: `load from wrk, ${connections} connections`,
    async on(url) {
      const flags = ['-t1', `-c${connections}`, `-d${sliceSeconds}s`, '-s', script]
      const child = start(['wrk', ...flags, `${url}${path}`], 'other')
      const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
      const [calls = 0, us = 0, failed = 0] = said.trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
      if (!(calls > 0) || failed > 0) throw new Error(`wrk had ${failed} failures at ${url}: ${said}`)
      return { calls, seconds: us / 1e6 }
    },
    async stop() {
      removed()
      process.off('exit', removed)
    },
  }
}

function lua(body: string): string {
  return `wrk.method = 'POST'
wrk.body = '${body}'
wrk.headers['content-type'] = 'application/json'
done = function(summary)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('%d %d %d\\n', summary.requests, summary.duration, failed))
end
`
}

async function autocannon({ path, body, connections }: Job): Promise<Load> {
  const settings = JSON.stringify({ method: 'POST', path, body, connections, duration: sliceSeconds })
  const cannon = await Contender.start(nodeProgram('harness/cannon.ts', settings), 'other')
  return {
    note: `load from autocannon, ${connections} connections: there is no wrk, which would take less of the machine`,
    async on(url) {
      const { calls = 0, seconds = 0, failed = 0 } = await cannon.ask('load', url)
      if (!(calls > 0) || failed > 0) throw new Error(`autocannon had ${failed} failures at ${url}`)
      return { calls, seconds }
    },
    stop: () => cannon.stop(),
  }
}
