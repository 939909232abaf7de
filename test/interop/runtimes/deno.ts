// The service on Deno: listens on a free port, says where, and drains when it is told to end.
import { denoPeer } from '../../../src/transport/http/fetch.ts'
import { serve } from './service.ts'

declare const Deno: {
  serve(
    options: object,
    handler: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> }
  addSignalListener(signal: string, listener: () => void): void
  exit(code: number): never
}

const server = serve({ peer: denoPeer })
const listener = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, server.fetch)
console.log(`listening on http://127.0.0.1:${listener.addr.port}`)
Deno.addSignalListener('SIGTERM', async () => {
  await server.close()
  await listener.shutdown()
  console.log('closed')
  Deno.exit(0)
})
