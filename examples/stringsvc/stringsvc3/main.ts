// stringsvc3: the string service, whose uppercase other instances may do: those of a list, or those that a registry knows.
import { endpoints } from 'servicekit'
import { addressOf } from 'servicekit/discovery/instance'
import { caller } from 'servicekit/log/caller'
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { stdout } from 'servicekit/log/stream/stdout'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { onStopSignal, type StopSignal } from 'servicekit/platform/signals'
import { httpHandler } from 'servicekit/transport/http/handler'
import { httpServer } from 'servicekit/transport/http/server'
import { stringsvc } from '../stringsvc1/stringsvc.ts'
import { stringService } from '../stringsvc2/service.ts'
import { type Flags, flagsOf, usage } from './flags.ts'
import { instrumenting } from './instrumenting.ts'
import { logging } from './logging.ts'
import { proxying } from './proxying.ts'
import { announced, instancerOf } from './registries.ts'

const flags = flagsOrExit()
const { listen, host, port, proxy, register } = flags

await using out = stdout()
const log = logger(logfmtSink(out, { timeKey: false, levelKey: false })).with({ listen, caller: caller() })
const metrics = prometheus()

await using instancer = instancerOf(flags, log)
await using proxied = instancer && proxying(stringService, instancer)
log.info('', { proxy_to: proxy ? `[${proxy.join(' ')}]` : (instancer?.name ?? 'none') })

const service = instrumenting(logging(proxied ?? stringService, log), metrics)

await using server = await httpServer(stringsvc, endpoints(stringsvc, service), {
  mount: [httpHandler('/metrics', metrics.handler)],
}).listen({ port, host })
log.info('', { msg: 'HTTP', addr: listen.replace(/:0$/, `:${server.port}`) })

// Declared last, so it goes first: nobody is sent to a server that is about to close.
const reachable = host === undefined || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
await using _ = register && announced(register, addressOf(reachable, server.port), log)
await new Promise<StopSignal>((resolve) => void onStopSignal(resolve))

function flagsOrExit(): Flags {
  try {
    const flags = flagsOf(process.argv.slice(2))
    if (!flags.help) return flags
    console.log(usage)
    process.exit()
  } catch (thrown) {
    console.error(`${(thrown as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}
