// A registered service in a process of its own, whose end can be held at each step; and how to start it and to see what it does.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { contract, unary } from 'servicekit'
import { jsonSink } from 'servicekit/log/json/sink'
import { logger } from 'servicekit/log/logger'
import { stdout } from 'servicekit/log/stream/stdout'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { serve } from 'servicekit/presets/serve'
import { eventually } from 'servicekit/testing/eventually'
import { http } from 'servicekit/transport/http/http'
import { registrarFrom } from '../../../src/discovery/registrar.ts'

export const shop = contract('shop', {
  price: unary.of<{ item: string }, number>({ idempotent: true }),
  /** Ends when calls are refused and the test lets it. */
  last: unary.of<void, string>({ timeoutMs: 20_000 }),
})

const limitMs = 15_000

type Line = Readonly<Record<string, string>>

/** The service as its parent process sees it. */
export interface RegisteredServer extends AsyncDisposable {
  readonly child: ChildProcess
  readonly url: string
  /** The messages that it has logged, without those about calls. */
  readonly steps: readonly string[]
  /** The fields of a message, as soon as it was logged. */
  said(message: string): Promise<Line>
  /** Whether the registry has it. */
  readonly isRegistered: boolean
  /** Lets the registry forget it, or the method `last` end. */
  let(what: 'withdraw' | 'end'): void
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>
}

/** Starts it; with `page` its pages are on a port of their own. */
export async function registeredServer(page?: 'page'): Promise<RegisteredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-serve-'))
  const child = spawn(process.execPath, [import.meta.filename, folder, page ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const lines: Line[] = []
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) =>
    lines.push(JSON.parse(line)),
  )
  const said = (message: string) => eventually(() => lines.find((line) => line['msg'] === message) ?? false, limitMs)
  const server = {
    child,
    said,
    ended,
    get steps() {
      return lines.map((line) => line['msg'] ?? '')
    },
    get isRegistered() {
      return existsSync(join(folder, 'shop'))
    },
    let: (what: string) => writeFileSync(join(folder, what), ''),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
  await said('registered')
  const { url = '' } = await said('listening')
  return Object.assign(server, { url })
}

const [, file, folder = '', page] = process.argv
if (file === import.meta.filename) {
  const at = (name: string) => join(folder, name)
  const registry = registrarFrom('folder', async (service, { address }) => {
    await writeFile(at(service), address)
    return {
      async withdraw() {
        while (!existsSync(at('withdraw'))) await sleep(5)
        await rm(at(service))
      },
    }
  })
  const app = await serve(
    shop,
    {
      async price({ item }) {
        await sleep(5)
        return item.length
      },
      async last() {
        while (!app.servers[0]?.stats.draining || !existsSync(at('end'))) await sleep(5)
        return 'done'
      },
    },
    {
      over: [http({ host: '127.0.0.1' })],
      logger: logger(jsonSink(stdout())),
      callLog: false,
      register: registry,
      ...(page && { metrics: prometheus(), pagesPort: 0, pagesHost: '127.0.0.1' }),
    },
  )
  await app.closed
}
