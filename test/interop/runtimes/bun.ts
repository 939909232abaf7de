// The service on Bun: listens on a free port, says where, and drains when it is told to end.
import { bunPeer } from '../../../src/transport/http/fetch.ts'
import { serve } from './service.ts'

declare const Bun: {
  serve(options: object): { readonly port: number; stop(): Promise<void> }
}

const server = serve({ peer: bunPeer })
const listener = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: server.fetch })
console.log(`listening on http://127.0.0.1:${listener.port}`)
process.on('SIGTERM', async () => {
  await server.close()
  await listener.stop()
  console.log('closed')
  process.exit(0)
})
