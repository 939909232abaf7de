// The conformance suite of transports inside Bun or Deno, both ends there: prints a line of JSON for each case.
import { systemClock } from '../../../src/core/clock.ts'
import { conformance } from '../../../src/testing/conformance/conformance.ts'
import { type TransportHarness, transportCases } from '../../../src/testing/conformance/transport.ts'
import { httpClient } from '../../../src/transport/http/client.ts'
import { bunPeer, denoPeer, fetchServer } from '../../../src/transport/http/fetch.ts'

type Fetch = (request: Request) => Promise<Response>

declare const Bun: undefined | { serve(options: object): { readonly port: number; stop(now: boolean): Promise<void> } }
declare const Deno:
  | undefined
  | {
      serve(options: object, handler: Fetch): { readonly addr: { readonly port: number }; shutdown(): Promise<void> }
    }

/** Cases that are left out here, each with the reason. */
const excluded: Readonly<Record<string, string>> = {
  'gives the caller the headers and trailers of the reply, also of an error and of a stream':
    'neither a Response nor fetch has trailers; the headers are proven beside fetch.ts',
}

const isBun = typeof Bun !== 'undefined'
const where = { port: 0, hostname: '127.0.0.1', onListen() {} }

function listen(fetch: Fetch): { port: number; stop(): Promise<void> } {
  if (typeof Bun !== 'undefined') {
    const bun = Bun.serve({ ...where, fetch })
    return { port: bun.port, stop: () => bun.stop(true) }
  }
  const deno = Deno?.serve(where, fetch)
  return { port: deno?.addr.port ?? 0, stop: () => deno?.shutdown() ?? Promise.resolve() }
}

const harness: TransportHarness = {
  clock: systemClock,
  without: ['bidiStream'],
  tellsSizes: true,
  pass: (ms) => systemClock.sleep(ms),
  async serve(served, options) {
    const server = fetchServer(conformance, served, { ...options, peer: isBun ? bunPeer : denoPeer })
    const { port, stop } = listen(server.fetch)
    return {
      client: (clientOptions) => httpClient(conformance, { baseUrl: `http://127.0.0.1:${port}`, ...clientOptions }),
      async close() {
        await server.close()
        await stop()
      },
      inFlight: () => server.stats.inFlight,
    }
  },
}

const cases = transportCases.filter(({ name }) => !Object.hasOwn(excluded, name))

/** Nearly all of what a case takes is the second that its server may need to close: several run side by side. */
async function runSome(): Promise<void> {
  for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
    const { name, run } = next
    const hung = systemClock.sleep(8_000).then(() => Promise.reject(new Error('it hangs')))
    hung.catch(() => {})
    const failure = await Promise.race([run(harness), hung]).then(
      () => null,
      (thrown: unknown) => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)),
    )
    console.log(JSON.stringify({ name, failure }))
  }
}

await Promise.all(Array.from({ length: 16 }, runSome))
process.exit(0)
