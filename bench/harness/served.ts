// A row about servers: all do the same job under the same load, and what counts is the CPU of the server's process.
import type { Contender } from './contender.ts'
import { type Job, type Load, startLoad } from './load.ts'
import type { Row } from './row.ts'
import { type PeerSide, type Side, sliced } from './sliced.ts'

export interface ServedOptions {
  readonly ours: Side
  readonly peers: readonly PeerSide[]
  readonly job: Job
  /** Whether that is the right reply to the job. */
  correct(reply: string): boolean
  /** What is counted. @default calls */
  readonly counted?: { readonly unit: string; readonly perCall: number } | undefined
}

// A slice takes a second, which is the shortest that wrk knows.
const rounds = { warmUp: 5, measured: 11 }

/** Measures microseconds of CPU, user and system, that a server takes. It says as `url` where it listens. */
export function served(name: string, { ours, peers, job, correct, counted }: ServedOptions): Row {
  return {
    name,
    async run() {
      const load = await startLoad(job)
      try {
        return await sliced(name, {
          ours,
          peers,
          rounds,
          unit: counted?.unit,
          notes: [load.note],
          async verify(server) {
            const reply = await replyOf(server, job)
            if (!correct(reply)) throw new Error(`${server.hello['url']} answers ${reply.slice(0, 200)}`)
          },
          work: (server) => slice(server, load, counted?.perCall ?? 1),
        })
      } finally {
        await load.stop()
      }
    },
  }
}

async function replyOf({ hello }: Contender, { path, body }: Job): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${hello['url']}${path}`, { method: 'POST', headers, body })
  return `${response.ok ? '' : `${response.status} `}${await response.text()}`
}

async function slice(server: Contender, load: Load, perCall: number) {
  const { cpuUs: before = Number.NaN } = await server.ask('cpu')
  const { calls, seconds } = await load.on(String(server.hello['url']))
  const { cpuUs: after = Number.NaN } = await server.ask('cpu')
  return { units: calls * perCall, cpuUs: after - before, seconds }
}
