// The end of every server on `node:http`: it listens where only this machine reaches it, on a port that is free.
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from '../harness/worker.ts'

/** Listens, and then answers the harness. */
export async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  answer({ url: `http://127.0.0.1:${port}` })
}
