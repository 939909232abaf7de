// PacketSplitter: finds the packets in what a stream brings, whatever the pieces it comes in.

const lengthBytes = 4

/** Holds what has come of a packet until it is whole. */
export class PacketSplitter {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #heldBytes = 0
  /** Of the packet that is coming, with its length in front; unknown until that is here. */
  #wantedBytes = lengthBytes
  #isLengthKnown = false

  /** Of packets that may have so many bytes. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Gives the packets that are whole now, without their lengths. Throws an Error for one that is too large, before it is held. */
  *push(chunk: Buffer): Generator<Buffer, void> {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    while (this.#heldBytes >= this.#wantedBytes) {
      // Only joined when something is whole: a large packet in small pieces would be copied again and again.
      const held = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
      if (this.#isLengthKnown) {
        this.#hold(held.subarray(this.#wantedBytes))
        const packet = held.subarray(lengthBytes, this.#wantedBytes)
        this.#isLengthKnown = false
        this.#wantedBytes = lengthBytes
        yield packet
      } else {
        this.#hold(held)
        this.#wantedBytes = lengthBytes + this.#checked(held.readInt32BE(0))
        this.#isLengthKnown = true
      }
    }
  }

  #hold(bytes: Buffer): void {
    this.#chunks = [bytes]
    this.#heldBytes = bytes.length
  }

  #checked(length: number): number {
    if (length >= 0 && length <= this.#maxBytes) return length
    throw new Error(
      `it sent a packet of ${length >>> 0} bytes, but maxPacketBytes is ${this.#maxBytes}: is this the client port of a ZooKeeper server?`,
    )
  }
}
