// The TLS connections that are not made yet: node:https knows them only once they are, and could neither limit nor close them.
import type { Socket } from 'node:net'

/** Sockets from their first byte to the end of the handshake. */
export class Handshakes {
  /** By the caller's address, which both ends of the handshake have: the socket and the encrypted one that takes its place. */
  readonly #begun = new Map<string, Socket>()

  begin(socket: Socket): void {
    const caller = callerOf(socket)
    this.#begun.set(caller, socket)
    socket.once('close', () => {
      if (this.#begun.get(caller) === socket) this.#begun.delete(caller)
    })
  }

  end(socket: Socket): void {
    this.#begun.delete(callerOf(socket))
  }

  /** Closes those that are still under way. */
  destroy(): void {
    for (const socket of this.#begun.values()) socket.destroy()
  }
}

function callerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
