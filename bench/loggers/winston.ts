// winston with JSON and timestamps, to a stream: its own transport for files takes longer.
import { createWriteStream } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { createLogger, format, transports } from 'winston'
import { bound, logging, secrets } from './logging.ts'

/** It has none of its own. */
const redact = format((info) => {
  for (const key of secrets) if (info[key] !== undefined) info[key] = '[redacted]'
  return info
})

logging((file) => {
  const to = createWriteStream(file, { flags: 'a' })
  const log = createLogger({
    format: format.combine(redact(), format.timestamp(), format.json()),
    transports: [new transports.Stream({ stream: to })],
  }).child(bound)
  return {
    log(orderId, items, total, customer) {
      log.info('order placed', { orderId, items, total, customer })
    },
    async flush() {
      // What it emits for each line comes a turn later.
      await setImmediate()
      await new Promise((resolve) => to.write('', resolve))
    },
  }
})
