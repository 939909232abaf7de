// A server that burns its processor, those who call it more than it can bear, each in a process of its own; and how to start them.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { contract, criticality, type Metadata, rootContext, ServiceError, unary } from 'servicekit'
import { type ServeOptions, serve } from 'servicekit/presets/serve'
import type { LoadShedSnapshot } from 'servicekit/resilience/load-shed'
import { httpClient } from 'servicekit/transport/http/client'
import { http } from 'servicekit/transport/http/http'

export const furnace = contract('furnace', { burn: unary.of<{ ms: number }, number>({ idempotent: true }) })

/** The server as its parent sees it. */
export interface Furnace extends AsyncDisposable {
  readonly url: string
  /** The state of its load shedding; undefined without one. */
  shedding(): Promise<LoadShedSnapshot | undefined>
}

/** Until the pressure of making the connections is forgotten. */
const restMs = 2_000

/** What load is made. */
export interface LoadOptions {
  readonly url: string
  /** How many there are, all made before: Node takes one new one a turn of its loop, and the turns of an overloaded loop are long. */
  readonly connections: number
  readonly perSecond: number
  readonly forMs: number
  readonly burnMs: number
  readonly timeoutMs: number
}

/** How the calls of one criticality ended. */
export interface Ends {
  readonly calls: number
  readonly ok: number
  /** With 429. */
  readonly refused: number
  /** Of those refused, how many were told when to come again. */
  readonly invited: number
  readonly codes: Readonly<Record<string, number>>
  /** How long half of the good ones took at most, in milliseconds, and half of those refused. */
  readonly okMs: number
  readonly refusedMs: number
}

export type LoadEnds = Readonly<Record<'critical' | 'sheddable', Ends>>

export async function furnaceServer(pipeline: ServeOptions<typeof furnace.methods>['pipeline'] = {}): Promise<Furnace> {
  const child = start('serve', pipeline)
  const url = String(await answerOf(child))
  return {
    url,
    shedding: async () => {
      child.send('shedding')
      return ((await answerOf(child)) as { shedding?: LoadShedSnapshot }).shedding
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** Calls so often, whatever comes back; one of four calls is critical, the others may be shed. */
export async function load(options: LoadOptions): Promise<LoadEnds> {
  const child = start('load', options)
  try {
    return (await answerOf(child)) as LoadEnds
  } finally {
    await end(child)
  }
}

function start(role: string, options: unknown): ChildProcess {
  return fork(import.meta.filename, [role, JSON.stringify(options)], { execArgv: [] })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Rejects when the process dies in place of an answer. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const died = once(child, 'exit', stop).then(([code]) => Promise.reject(new Error(`the process ended with ${code}`)))
  try {
    const [answer] = await Promise.race([once(child, 'message', stop), died])
    return answer
  } finally {
    stop.abort()
  }
}

interface Took {
  readonly ok: number[]
  readonly refused: number[]
  invited: number
  readonly codes: Record<string, number>
}

const roles: Readonly<Record<string, (options: never) => Promise<unknown>>> = {
  async serve(pipeline: ServeOptions<typeof furnace.methods>['pipeline']) {
    const burn = ({ ms }: { ms: number }) => {
      const until = performance.now() + ms
      while (performance.now() < until);
      return ms
    }
    const over = [http({ host: '127.0.0.1', port: 0, trustMetadata: true })]
    const app = await serve(furnace, { burn }, { over, pipeline })
    process.on('message', () => process.send?.({ shedding: app.pipeline?.policies.loadShed?.snapshot() }))
    return app.url
  },
  async load({ url, connections, perSecond, forMs, burnMs, timeoutMs }: LoadOptions) {
    await using client = httpClient(furnace, { baseUrl: url, maxConnections: connections })
    // Of what the load is made of too: a service that completes many cheap calls first takes that for usual.
    const first = () => client.burn({ ms: burnMs }, { timeoutMs: 30_000 }).catch(() => {})
    await Promise.all(Array.from({ length: connections }, first))
    await sleep(restMs)
    const root = rootContext()
    const none = (): Took => ({ ok: [], refused: [], invited: 0, codes: {} })
    const took = { critical: none(), sheddable: none() }
    async function one(level: keyof typeof took): Promise<void> {
      const seen = took[level]
      const beganAt = performance.now()
      let isInvited = false
      let code = 'ok'
      try {
        const ctx = root.with(criticality, level)
        const onHeaders = (headers: Metadata) => {
          isInvited = Number(headers.get('retry-after')) >= 1
        }
        await client.burn({ ms: burnMs }, { ctx, timeoutMs, onHeaders })
        seen.ok.push(performance.now() - beganAt)
      } catch (thrown) {
        code = thrown instanceof ServiceError ? thrown.code : String(thrown)
        if (code === 'resource_exhausted') {
          seen.refused.push(performance.now() - beganAt)
          if (isInvited) seen.invited++
        }
      }
      seen.codes[code] = (seen.codes[code] ?? 0) + 1
    }
    const calls: Promise<void>[] = []
    const beganAt = performance.now()
    for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - beganAt) {
      for (const due = (passedMs * perSecond) / 1_000; calls.length < due; )
        calls.push(one(calls.length % 4 === 0 ? 'critical' : 'sheddable'))
      await sleep(2)
    }
    await Promise.all(calls)
    const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN
    const endsOf = ({ ok, refused, invited, codes }: Took): Ends => ({
      calls: Object.values(codes).reduce((sum, count) => sum + count, 0),
      ok: ok.length,
      refused: refused.length,
      invited,
      codes,
      okMs: median(ok),
      refusedMs: median(refused),
    })
    return { critical: endsOf(took.critical), sheddable: endsOf(took.sheddable) } satisfies LoadEnds
  },
}

if (process.argv[1] === import.meta.filename) {
  process.on('disconnect', () => process.exit())
  const [role = '', options = ''] = process.argv.slice(2)
  process.send?.(await roles[role]?.(JSON.parse(options) as never))
}
