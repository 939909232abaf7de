// Finds ports that nobody listens on.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const host = '127.0.0.1'
const tries = 20

/** One port for each name, free on 127.0.0.1 for TCP and for UDP when it was looked at: the one in `wanted`, if it is. */
export async function freePorts<Name extends string>(
  names: readonly Name[],
  wanted: Readonly<Record<string, number>> = {},
): Promise<Record<Name, number>> {
  // All are held until all are found, so that none comes twice.
  await using held = new AsyncDisposableStack()
  const ports: Partial<Record<Name, number>> = {}
  for (const name of names) ports[name] = await hold(held, wanted[name])
  return ports as Record<Name, number>
}

async function hold(held: AsyncDisposableStack, wanted = 0): Promise<number> {
  for (let left = tries; ; left--) {
    const tcp = createServer()
    const udp = createSocket('udp4')
    held.defer(() => new Promise((resolve) => tcp.close(() => resolve())))
    held.defer(() => {
      udp.close()
    })
    try {
      await once(tcp.listen(left === tries ? wanted : 0, host), 'listening')
      const { port } = tcp.address() as AddressInfo
      await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, host, resolve))
      return port
    } catch (error) {
      if (left === 0) throw error
    }
  }
}
