// The server that the crowd runs against, in a process of its own, so that its memory and its sockets are its own too; and how to start it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { clientStream, contract, endpoints, serverStream, unary } from 'servicekit'
import type { DispatchStats } from 'servicekit/transport/dispatch'
import { type HttpServerOptions, httpServer } from 'servicekit/transport/http/server'

export const crowd = contract('crowd', {
  echo: unary.of<string, string>(),
  /** Answers nobody before so many are there at once. */
  meet: unary.of<{ many: number }, number>(),
  /** As many characters as are asked for. */
  fill: unary.of<{ chars: number }, string>(),
  /** Messages of 1,000 characters, without end. */
  flow: serverStream.of<{ from: number }, { n: number; padding: string }>(),
  /** The first message; the others are not looked at. */
  first: clientStream.of<string, string>(),
})

/** What the server holds, after its garbage was collected. */
export interface Held extends DispatchStats {
  readonly memoryBytes: number
  readonly rssBytes: number
  readonly sockets: number
}

/** The server as its parent process sees it. */
export interface CrowdServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  held(): Promise<Held>
}

/** Starts the server. Its options go as JSON. */
export async function crowdServer(options: HttpServerOptions): Promise<CrowdServer> {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { execArgv: [] })
  const { url, port } = (await answerOf(child)) as { readonly url: string; readonly port: number }
  return {
    url,
    port,
    held: async () => {
      child.send('held')
      return (await answerOf(child)) as Held
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Rejects when the server dies in place of an answer. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  using stop = cancellation()
  const died = once(child, 'exit', stop).then(([code]) => Promise.reject(new Error(`the server ended with ${code}`)))
  const [answer] = await Promise.race([once(child, 'message', stop), died])
  return answer
}

function cancellation(): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController()
  return { signal: stop.signal, [Symbol.dispose]: () => stop.abort() }
}

async function serve(options: HttpServerOptions): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  let present = 0
  const complete = Promise.withResolvers<void>()
  const padding = 'x'.repeat(1_000)
  const served = endpoints(crowd, {
    echo: (text) => text,
    async meet({ many }) {
      const place = ++present
      if (place === many) complete.resolve()
      await complete.promise
      return place
    },
    fill: ({ chars }) => 'x'.repeat(chars),
    async *flow({ from }) {
      for (let n = from; ; n++) yield { n, padding }
    },
    async first(texts) {
      for await (const text of texts) return text
      return ''
    },
  })
  const server = await httpServer(crowd, served, { ...options, onError: () => {} }).listen({ host: '127.0.0.1' })
  process.on('disconnect', () => process.exit())
  process.on('message', async () => {
    // The bytes of buffers are let go of behind the collection that finds them: once is not enough while others are coming in.
    for (let round = 0; round < 3; round++) {
      collectGarbage()
      await new Promise(setImmediate)
    }
    collectGarbage()
    const { heapUsed, external, rss: rssBytes } = process.memoryUsage()
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    process.send?.({ ...server.stats, memoryBytes: heapUsed + external, rssBytes, sockets })
  })
  process.send?.({ url: server.url, port: server.port })
}

if (process.argv[1] === import.meta.filename) await serve(JSON.parse(process.argv[2] ?? '{}'))
