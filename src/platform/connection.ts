// One connection of a socket, from its beginning to its end, and what its owner hears of it.

/** A connection that has been begun. */
export interface Connection {
  /** The address that was found for the host of datagrams; undefined until then, and for streams. */
  readonly peer: string | undefined
  /** As that of a channel. False before it is open, and after its end. */
  send(chunk: Uint8Array): boolean
  /** Takes nothing more; resolves when what was taken has gone out and the handle is closed. At once when it is not open yet. */
  end(): Promise<void>
  /** Ends now. What had no answer gets one, with an error when the system had not taken it. */
  destroy(): void
}

/** Who hears of a connection: never from within its constructor, `send` or `end`. */
export interface ConnectionOwner {
  onOpen(connection: Connection): void
  onAnswer(error?: Error): void
  onReady(): void
  /** Nobody seems to be there. It goes on, as datagrams can, but a new one may do better. */
  onTrouble(connection: Connection, error: Error): void
  /** The name means another address by now. */
  onMoved(): void
  /** Something of which the user must know, and which the connection does not suffer from. */
  onFault(error: Error): void
  /** It is over, or never came to be. Follows `destroy` too. */
  onLost(connection: Connection, error: Error): void
}
