import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { scriptedDns } from '../../../test/platform/scripted-dns.ts'
import { freePorts } from '../../../test/servers/free-ports.ts'
import { eventually } from '../../testing/eventually.ts'
import { dnsServer } from './dns-server.ts'
import { encodeQuery } from './query.ts'
import { tcpWire } from './tcp-wire.ts'

const question = encodeQuery({ name: 'x', type: 'A', id: 7, isExtended: false })

/** Asks somebody who treats connections as the test says, and gives what was heard first. */
async function ask(treat: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    // Whoever has heard enough closes its side while this one is still writing.
    treat(socket.on('error', () => {}))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await first(`127.0.0.1:${port}`)
  } finally {
    server.close()
  }
}

/** What is heard first of a wire. It holds no process, so the waiting must. */
async function first(address: string): Promise<string> {
  const heard: string[] = []
  using _wire = tcpWire(dnsServer(address), question, {
    onMessage: (bytes) => heard.push(`message ${Buffer.from(bytes).toString()}`),
    onError: ({ message }) => heard.push(message),
  })
  await eventually(() => heard.length > 0)
  return heard[0] ?? ''
}

const nobody = { onMessage: () => assert.fail('a message'), onError: assert.fail }

describe('tcpWire', () => {
  it('writes the question after its length, in one piece', async () => {
    const heard = await ask((socket) =>
      socket.once('data', (chunk: Buffer) => socket.write(framed(chunk.toString('hex')))),
    )
    assert.equal(heard, `message 00${question.length.toString(16)}${Buffer.from(question).toString('hex')}`)
  })

  it('reads a message that comes in pieces, and nothing behind it', async () => {
    const heard = await ask(async (socket) => {
      socket.setNoDelay(true)
      for (const byte of Buffer.concat([framed('hello'), Buffer.from('more')])) {
        socket.write(Uint8Array.of(byte))
        await new Promise(setImmediate)
      }
    })
    assert.equal(heard, 'message hello')
  })

  it('reads an empty message, which is none that anybody understands', async () => {
    assert.equal(await ask((socket) => socket.write(framed(''))), 'message ')
  })

  it('says when the server ends in the middle', async () => {
    assert.match(await ask((socket) => socket.end(framed('hello').subarray(0, 4))), /the server closed the connection/)
    assert.match(await ask((socket) => socket.resetAndDestroy()), /ECONNRESET|closed/)
  })

  it('says when nobody listens', async () => {
    const { dns } = await freePorts(['dns'])
    assert.match(await first(`127.0.0.1:${dns}`), /ECONNREFUSED/)
  })

  it('closes its connection at once, and hears nothing of it any more', async () => {
    await using server = await scriptedDns()
    const wire = tcpWire(dnsServer(server.address), question, nobody)
    await eventually(() => server.asked.length === 1)
    assert.equal(server.connections, 1)
    wire[Symbol.dispose]()
    await eventually(() => server.connections === 0)
  })
})

function framed(text: string): Buffer {
  return Buffer.concat([Uint8Array.of(text.length >> 8, text.length & 255), Buffer.from(text)])
}
