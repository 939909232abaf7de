// Carries one question by TCP, where an answer may have 64 KiB (RFC 1035, 4.2.2; RFC 7766).
import { connect } from 'node:net'
import type { DnsServer } from './dns-server.ts'
import type { WireListener } from './wire.ts'

const lengthBytes = 2

/** Reads one message, after its length. */
export function tcpWire({ host, port }: DnsServer, message: Uint8Array, listener: WireListener): Disposable {
  const chunks: Buffer[] = []
  let receivedBytes = 0
  let isClosed = false
  const fail = (error: Error) => {
    if (!isClosed) listener.onError(error)
  }
  const socket = connect({ host, port })
    .unref()
    .setNoDelay(true)
    .on('error', fail)
    .on('end', () => fail(new Error('the server closed the connection')))
    .on('close', () => fail(new Error('the connection was closed')))
    .on('data', (chunk: Buffer) => {
      if (isClosed) return
      chunks.push(chunk)
      receivedBytes += chunk.length
      if (receivedBytes < lengthBytes) return
      // The length may come in two pieces, and it alone is worth joining them early.
      if (chunks[0] !== undefined && chunks[0].length < lengthBytes)
        chunks.splice(0, chunks.length, Buffer.concat(chunks))
      const wholeBytes = lengthBytes + (chunks[0]?.readUInt16BE(0) ?? 0)
      if (receivedBytes >= wholeBytes) listener.onMessage(Buffer.concat(chunks).subarray(lengthBytes, wholeBytes))
    })
  // In one write, so that a server which reads the length and the rest at once finds both (RFC 7766, 8).
  socket.write(Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]))
  return {
    [Symbol.dispose]: () => {
      isClosed = true
      socket.destroy()
    },
  }
}
