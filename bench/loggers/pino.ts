// pino as it is fastest: it writes by itself, 4 KiB at a time, and the time is a number.
import fs, { openSync } from 'node:fs'
import { destination, pino } from 'pino'
import { bound, logging, secrets } from './logging.ts'

// Its flush also waits for the disk, as nobody else's does.
fs.fsyncSync = () => {}

logging((file) => {
  const to = destination({ fd: openSync(file, 'a'), sync: true, minLength: 4_096 })
  // Its own two fields are left out, since the others do not have them.
  const redact = { paths: secrets.map((key) => `["${key}"]`) }
  const log = pino({ base: null, redact }, to).child(bound)
  return {
    log(orderId, items, total, customer) {
      log.info({ orderId, items, total, customer }, 'order placed')
    },
    flush: () => to.flushSync(),
  }
})
