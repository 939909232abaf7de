// The soaks, each in a process of its own: there its heap is its own, and no test runner watches each of its promises.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type Context, type Endpoint, endpoints } from 'servicekit'
import { clientOf } from 'servicekit/core/client'
import { type Registry, registry } from 'servicekit/metrics/registry'
import { type ClientPipeline, type ClientPipelineOptions, clientPipeline } from 'servicekit/presets/client-pipeline'
import { observe } from 'servicekit/presets/observe'
import { type ServerPipeline, type ServerPipelineOptions, serverPipeline } from 'servicekit/presets/server-pipeline'
import { type ManualClock, manualClock } from 'servicekit/testing/manual-clock'
import { memoryClient } from 'servicekit/transport/memory/client'
import { memoryServer } from 'servicekit/transport/memory/server'
import { seededRandom } from '../../../src/primitives/random.ts'
import { countedCalls, farEnd, restMs, type Settled, type Shop, settle, shop } from './soak-load.ts'

/** What a soak is, as its parent says it. */
export interface SoakOptions {
  readonly seed: string
  readonly calls: number
  /** Of how much of the time the service is down. */
  readonly downRatio: number
  /** How many of its waves of calls are large ones. */
  readonly burstRatio: number
  readonly client?: ClientPipelineOptions | false
  /** Without it the far end is called itself. */
  readonly server?: ServerPipelineOptions
}

/** What became of it. */
export interface Soaked extends Settled {
  /** As the outermost layer of the client has seen them. */
  readonly begun: number
  readonly ended: number
  /** Of the metrics of both sides, by name, summed over all labels. */
  readonly totals: Readonly<Record<string, number>>
  readonly client: ReturnType<ClientPipeline['snapshot']>
  readonly server: ReturnType<ServerPipeline['snapshot']>
  /** The state of the circuit after some calls that succeed. */
  readonly circuit: string | undefined
  /** On the clock, when client and server are closed. */
  readonly timersLeft: number
}

/** Runs a soak in a process of its own. Rejects when it fails. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
  using stop = { signal: new AbortController(), [Symbol.dispose]: () => stop.signal.abort() }
  const { signal } = stop.signal
  const died = once(child, 'exit', { signal }).then(([code]) =>
    Promise.reject(new Error(`the soak ended with ${code}`)),
  )
  const [soaked] = await Promise.race([once(child, 'message', { signal }), died])
  return soaked as Soaked
}

async function run({ seed, client: asked = {}, server: served, ...load }: SoakOptions): Promise<Soaked> {
  const clock = manualClock()
  const random = seededRandom(seed)
  const metrics = registry()
  const counted = countedCalls()
  const far = farEnd(random, served === undefined)
  const pipeline = asked === false ? undefined : clientPipeline({ ...asked, metrics, random })
  const options = { clock, pipeline, use: [counted.layer] }
  const behind = served && (await behindServer(served))
  const client: Shop = behind
    ? memoryClient(shop, { ...options, server: behind.server })
    : clientOf(shop, { ...options, connect })
  const settled = await settle({ ...load, clock, random, client, far })

  const before = {
    client: pipeline?.snapshot() ?? {},
    server: behind?.pipeline.snapshot() ?? {},
    totals: totalsOf(metrics),
  }
  const { begun, ended } = counted
  await someThatSucceed(client, clock)
  await client[Symbol.asyncDispose]()
  await behind?.server.close()
  behind?.pipeline[Symbol.dispose]()
  const circuit = pipeline?.policies.circuitBreaker?.state()
  return { ...settled, ...before, begun, ended, circuit, timersLeft: clock.pending }

  function connect({ name }: { readonly name: string }): Endpoint<unknown, unknown> {
    const list = async (to: number, ctx: Context) => far.list(to, ctx)
    return (name === 'list' ? list : far.answer) as Endpoint<unknown, unknown>
  }

  async function behindServer(own: ServerPipelineOptions) {
    const watch = observe({ metrics })
    // Chance makes pressure, now and then; the delay of the event loop of a soak would be that of the soak.
    const pressure = { level: () => (random() < 0.05 ? 3 : 0) }
    const pipeline = serverPipeline({ ...own, random, events: watch.events, loadShed: { pressure, ...own.loadShed } })
    const { answer, list } = far
    const handlers = { read: answer, write: answer, report: answer, list }
    const listener = memoryServer(shop, endpoints(shop, handlers, { use: [watch, ...pipeline.use] }), {
      clock,
      trustMetadata: true,
      onError: () => {},
    })
    return { server: await listener.listen(), pipeline }
  }
}

async function someThatSucceed(client: Shop, clock: ManualClock): Promise<void> {
  for (let n = 0; n < 100; n++) {
    const ended = client.read(1).catch(() => {})
    await clock.advance(restMs)
    await ended
  }
}

function totalsOf(metrics: Registry): Record<string, number> {
  const sums = metrics.collect().map(({ spec, series }) => {
    const values = series.map((each) => ('value' in each ? each.value : each.count))
    return [spec.name, values.reduce((sum, value) => sum + value, 0)]
  })
  return Object.fromEntries(sums)
}

if (process.argv[1] === import.meta.filename) {
  const soaked = await run(JSON.parse(process.argv[2] ?? '{}'))
  if (process.send === undefined) console.log(JSON.stringify(soaked, undefined, 1))
  else process.send(soaked, () => process.disconnect?.())
}
