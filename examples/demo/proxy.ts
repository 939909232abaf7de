// The proxy: counts by itself, and has words put in capitals by whichever instance of the string service can take the call best.
import { parseArgs } from 'node:util'
import { localInstancer } from 'servicekit/discovery/local/instancer'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { balancedClient } from 'servicekit/presets/balanced-client'
import { type App, serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { stringsvc } from '../stringsvc/stringsvc1/stringsvc.ts'
import { stringService } from '../stringsvc/stringsvc2/service.ts'
import { followStage, patienceMs, play, say } from './part.ts'
import { Tally } from './tally.ts'

const reportEveryMs = 200
const mostPorts = 100

const { values } = parseArgs({ options: { port: { type: 'string' }, folder: { type: 'string' } } })

followStage()

await play(async () => {
  await using instancer = localInstancer({ service: stringsvc.name, folder: values.folder })
  const tally = new Tally()
  const metrics = prometheus()
  await using client = balancedClient(stringsvc, {
    instancer,
    metrics,
    health: tally.health,
    onUpdate: tally.onUpdate,
    pipeline: {
      timeout: { timeoutMs: patienceMs },
      retry: { onRetry: tally.onRetry, onGiveUp: tally.onGiveUp },
      circuitBreaker: { onStateChange: tally.onStateChange },
    },
  })
  const serveOn = (port: number) =>
    serve(
      stringsvc,
      { count: stringService.count, uppercase: (request, ctx) => client.uppercase(request, ctx) },
      // A machine that is busy with other things may make calls slow here, but refuses none.
      { over: [http({ host: '127.0.0.1', port })], metrics, pipeline: { loadShed: false } },
    )
  await using app = await firstFree(Number(values.port ?? 0), serveOn)
  say({ kind: 'ready', url: app.url })
  const reports = setInterval(() => say(tally.report()), reportEveryMs)
  await app.closed
  clearInterval(reports)
})

/** Serves on a port, or on the next one that nobody has. */
async function firstFree(port: number, serveOn: (port: number) => Promise<App>): Promise<App> {
  for (let next = port; ; next++) {
    try {
      return await serveOn(next)
    } catch (thrown) {
      const cause = thrown instanceof Error ? (thrown.cause as NodeJS.ErrnoException | undefined) : undefined
      const isLast = next === 65_535 || next === port + mostPorts
      if (cause?.code !== 'EADDRINUSE' || port === 0 || isLast) throw thrown
    }
  }
}
