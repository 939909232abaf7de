// PacketSocket: one connection to a server that carries packets, until either side ends it.
import type { Socket } from 'node:net'
import { dial, openingOf } from '../../platform/dial.ts'
import type { CheckedConnection } from './connection.ts'
import { PacketSplitter } from './packet-splitter.ts'
import type { ZookeeperServer } from './server-list.ts'

/** Who hears of a socket. */
export interface PacketListener {
  /** It takes packets from now on. */
  onOpen(): void
  /** What it throws ends the connection. */
  onPacket(packet: Buffer): void
  /** It is over, for whatever reason: told once. */
  onEnd(error: Error): void
}

/** Connects at once. Holds the process only where it is told to. */
export class PacketSocket {
  readonly #socket: Socket
  readonly #listener: PacketListener
  readonly #closed = Promise.withResolvers<void>()
  #isOver = false
  /** How many bytes have come. */
  bytesRead = 0

  constructor(server: ZookeeperServer, checked: CheckedConnection, listener: PacketListener) {
    this.#listener = listener
    const splitter = new PacketSplitter(checked.maxPacketBytes)
    this.#socket = dial(server, checked)
      .unref()
      .setNoDelay(true)
      .once(openingOf(checked), () => {
        if (!this.#isOver) listener.onOpen()
      })
      .on('data', (chunk: Buffer) => this.#take(splitter, chunk))
      .on('error', (error) => this.destroy(error))
      .on('end', () => this.destroy(new Error('the server closed the connection')))
      .on('close', () => {
        this.destroy(new Error('the connection was closed'))
        this.#closed.resolve()
      })
  }

  /** Resolves when the system has let go of it. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  send(packet: Uint8Array): void {
    if (!this.#isOver) this.#socket.write(packet)
  }

  /** Whether the process must not end while it is open. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.ref()
    else this.#socket.unref()
  }

  destroy(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#socket.destroy()
    this.#listener.onEnd(error)
  }

  #take(splitter: PacketSplitter, chunk: Buffer): void {
    this.bytesRead += chunk.length
    try {
      for (const packet of splitter.push(chunk)) {
        if (this.#isOver) return
        this.#listener.onPacket(packet)
      }
    } catch (thrown) {
      this.destroy(thrown as Error)
    }
  }
}
