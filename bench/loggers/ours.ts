// servicekit: the one place that knows how our lines come into a file.
import { openSync } from 'node:fs'
import { jsonSink } from 'servicekit/log/json/sink'
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { fileDescriptor } from 'servicekit/log/stream/file-descriptor'
import { bound, logging } from './logging.ts'

const format = process.argv[3]

logging((file) => {
  // By default 4 MiB may wait, which this loop fills in 20 ms: when the machine has no time for the thread that writes, lines would
  // be dropped. The peers wait, or let any number wait.
  const to = fileDescriptor(openSync(file, 'a'), { maxPendingBytes: 64 * 1024 * 1024 })
  const log = logger(format === 'json' ? jsonSink(to) : logfmtSink(to)).with(bound)
  return {
    log(orderId, items, total, customer) {
      log.info('order placed', { orderId, items, total, customer })
    },
    flush: () => log.flush(),
  }
})
