// A shop in a process of its own, which can be made slow, be killed, and come back where it was; and how to start it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { contract, unary } from 'servicekit'
import { serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'

export const shop = contract('shop', {
  price: unary.of<{ item: string }, number>({ idempotent: true }),
  order: unary.of<{ item: string }, string>(),
})

/** The shop as its parent process sees it. */
export interface ShopServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** How long each call takes from now on. */
  takes(ms: number): Promise<void>
  /** How many calls have reached a handler, by method. */
  served(): Promise<{ readonly price: number; readonly order: number }>
  /** Ends the process at once. */
  kill(): Promise<void>
}

/** Starts the shop, on any free port unless it is given one. */
export async function shopServer(port = 0): Promise<ShopServer> {
  const child = fork(import.meta.filename, [String(port)], { execArgv: [] })
  const ask = async (question: number | string) => {
    child.send(question)
    return answerOf(child)
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const url = String(await answerOf(child))
  return {
    url,
    port: Number(new URL(url).port),
    takes: async (ms) => void (await ask(ms)),
    served: async () => (await ask('served')) as { price: number; order: number },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}

/** Rejects when the server dies in place of an answer. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const died = once(child, 'exit', stop).then(([code]) => Promise.reject(new Error(`the shop ended with ${code}`)))
  try {
    const [answer] = await Promise.race([once(child, 'message', stop), died])
    return answer
  } finally {
    stop.abort()
  }
}

if (process.argv[1] === import.meta.filename) {
  let takesMs = 0
  const served = { price: 0, order: 0 }
  const app = await serve(
    shop,
    {
      async price({ item }) {
        served.price++
        await sleep(takesMs)
        return item.length
      },
      async order({ item }) {
        served.order++
        await sleep(takesMs)
        return `one ${item}`
      },
    },
    { over: [http({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) })] },
  )
  process.on('disconnect', () => process.exit())
  process.on('message', (question) => {
    if (typeof question === 'number') takesMs = question
    process.send?.(served)
  })
  process.send?.(app.url)
}
