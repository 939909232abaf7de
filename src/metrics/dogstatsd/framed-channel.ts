// Packets over a stream: each begins with its length, as Datadog's Agent reads its Unix stream socket.
import type { Channel, ChannelListener, ChannelState } from '../../platform/channel.ts'

const headerBytes = 4

/**
 * Puts before each chunk its length in four bytes, the lowest first. A chunk arrives whole or not at all, so that for those who fill it this is a channel
 * for datagrams: what the Agent has no room for would end the connection. See `dogstatsd_stream_socket` and `dogstatsd_buffer_size` of the Agent.
 */
export class FramedChannel implements Channel {
  readonly datagrams = true
  readonly #stream: Channel

  constructor(stream: Channel) {
    this.#stream = stream
  }

  get state(): ChannelState {
    return this.#stream.state
  }

  listen(listener: ChannelListener): void {
    this.#stream.listen(listener)
  }

  send(chunk: Uint8Array): boolean {
    const packet = new Uint8Array(headerBytes + chunk.length)
    new DataView(packet.buffer).setUint32(0, chunk.length, true)
    packet.set(chunk, headerBytes)
    return this.#stream.send(packet)
  }

  close(): Promise<void> {
    return this.#stream.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
