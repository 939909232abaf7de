// The loop that every logger is measured in: some lines in each turn of the event loop, as a busy service has it.
import { setImmediate } from 'node:timers/promises'
import { answer, cpuUs } from '../harness/worker.ts'

const linesInTurn = 50

/** A logger with two bound fields, `service` and `instance`. */
export interface Logging {
  /** Logs `order placed` with four fields. */
  log(orderId: string, items: number, total: number, customer: string): void
  /** Resolves when all that was logged is in the file. */
  flush(): unknown
}

export const bound = { service: 'orders', instance: 'orders-7f9c' } as const

/** What nobody wants to find in a log. */
export const secrets = ['authorization', 'cookie', 'set-cookie', 'password', 'token', 'secret'] as const

/** Takes what logs to the file that the arguments of the process name, and then answers the harness. */
export function logging(loggingTo: (file: string) => Logging): void {
  const [file = ''] = process.argv.slice(2)
  const logger = loggingTo(file)
  answer({ file }, { run: (ms) => run(logger, Number(ms)) })
}

const orderIds = Array.from({ length: 1_000 }, (_, i) => `o-${(i * 7_919).toString(36)}`)

async function run(logger: Logging, ms: number) {
  const startedAt = performance.now()
  const before = cpuUs()
  const endsAt = startedAt + ms
  let lines = 0
  while (performance.now() < endsAt) {
    for (let i = 0; i < linesInTurn; i++) {
      logger.log(orderIds[lines % orderIds.length] ?? '', lines & 7, 12.5 + (lines & 63), 'ada lovelace')
      lines++
    }
    await setImmediate()
  }
  await logger.flush()
  return { lines, cpuUs: cpuUs() - before, seconds: (performance.now() - startedAt) / 1_000 }
}
