// Tests of dial.ts. What is carried over such sockets is tested with those who use them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { pem } from '../../test/platform/http-servers.ts'
import { type DialOptions, dial, openingOf } from './dial.ts'
import { secureContext } from './secure-context.ts'
import { type StreamAddress, socketAddress } from './socket-address.ts'

async function reach(server: Server, text: string, options: DialOptions = {}) {
  const socket = dial(socketAddress(text) as StreamAddress, options)
  try {
    const [[taken]] = await Promise.all([
      once(server, 'tls' in options ? 'secureConnection' : 'connection'),
      once(socket, openingOf(options)),
    ])
    return taken
  } finally {
    socket.destroy()
    server.close()
  }
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

describe('dial', () => {
  it('reaches what listens on a port, by the lookup that it is given', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const asked: string[] = []
    const lookup: DialOptions['lookup'] = (host, options, callback) => {
      asked.push(host)
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    }
    await reach(server, `tcp://some.test:${portOf(server)}`, { lookup })
    assert.deepEqual(asked, ['some.test'])
  })

  it('reaches a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-dial-'))
    const server = createServer().listen(join(folder, 's'))
    await once(server, 'listening')
    await reach(server, `unix://${join(folder, 's')}`)
    await rm(folder, { recursive: true })
  })

  it('asks for the name that it is told, for that of the host otherwise, and for none where that is an address', async () => {
    const names: unknown[] = []
    const ca = pem('ca')
    for (const [host, serverName] of [['localhost'], ['127.0.0.1'], ['127.0.0.1', 'localhost']] as const) {
      const server = createTlsServer({ cert: pem('server'), key: pem('server-key') })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const tls = { ca, ...(serverName === undefined ? {} : { serverName }) }
      const taken = (await reach(server, `tcp://${host}:${portOf(server)}`, {
        tls,
        secureContext: secureContext(tls),
      })) as TLSSocket
      names.push(taken.servername)
    }
    assert.deepEqual(names, ['localhost', false, 'localhost'])
  })
})
