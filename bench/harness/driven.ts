// A row about clients: each calls the same server in a loop, and what counts is the CPU of the client's process.
import { Contender } from './contender.ts'
import type { Program } from './program.ts'
import type { Row } from './row.ts'
import { type PeerSide, type Side, sliced } from './sliced.ts'

export interface DrivenOptions {
  readonly ours: Client
  readonly peers: readonly (Client & Omit<PeerSide, keyof Side>)[]
  /** What all of them call: it says as `url` where it listens, or as `urls` if that is in several places. */
  server(): Program
}

export interface Client {
  /** Called once. The answer to `run` is made of calls for about that many milliseconds. */
  program(...urls: readonly string[]): Program
}

const sliceMs = 400
// `fetch` goes on getting faster for five seconds.
const rounds = { warmUp: 13, measured: 21 }

/** Measures microseconds of CPU, user and system, that a client takes for a call. */
export function driven(name: string, { ours, peers, server }: DrivenOptions): Row {
  return {
    name,
    async run() {
      const target = await Contender.start(server(), 'other')
      try {
        const { url, urls = [url] } = target.hello as { readonly url?: string; readonly urls?: readonly string[] }
        const places = urls.map(String)
        return await sliced(name, {
          ours: { program: () => ours.program(...places) },
          peers: peers.map((peer) => ({ ...peer, program: () => peer.program(...places) })),
          rounds,
          async verify(client) {
            await client.ask('verify')
          },
          async work(client) {
            const { calls = 0, cpuUs = Number.NaN, seconds = Number.NaN } = await client.ask('run', String(sliceMs))
            return { units: calls, cpuUs, seconds }
          },
        })
      } finally {
        await target.stop()
      }
    },
  }
}
