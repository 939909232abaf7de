// bunyan to a stream.
import { createWriteStream } from 'node:fs'
import bunyan from 'bunyan'
import { bound, logging, secrets } from './logging.ts'

logging((file) => {
  const to = createWriteStream(file, { flags: 'a' })
  const serializers = Object.fromEntries(secrets.map((key) => [key, () => '[redacted]']))
  const log = bunyan.createLogger({ name: 'bench', streams: [{ stream: to }], serializers }).child(bound, true)
  return {
    log(orderId, items, total, customer) {
      log.info({ orderId, items, total, customer }, 'order placed')
    },
    flush: () => new Promise((resolve) => to.write('', resolve)),
  }
})
