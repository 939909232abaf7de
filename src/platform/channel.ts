// What lies between a reconnecting socket and those who fill it: chunks of bytes one way, and what became of them the other way.

/** Whether what is sent arrives, as far as the sender can know. */
export type ChannelState =
  /** It was never open, and nothing has failed. */
  | 'connecting'
  | 'open'
  /** There is no connection. Of datagrams: the last ones were refused, or the name has no address. */
  | 'down'
  | 'closed'

/** Who fills a channel. Neither method may throw. */
export interface ChannelListener {
  /**
   * Tells of the oldest chunk that was not told of yet: the system has taken all of it, or, with an error, it is lost in whole or in
   * part. What the system has taken may still be lost with the connection, and nobody learns of that.
   */
  onAnswer(error?: Error): void
  /** Chunks are taken again, after `send` gave false. */
  onReady(): void
}

/** Carries chunks to one receiver, in order, each at most once. Nothing of it throws, and no listener is called from within `send`. */
export interface Channel extends AsyncDisposable {
  /** Whether each chunk arrives by itself or not at all, so that it must be small and whole. Otherwise chunks are parts of a stream. */
  readonly datagrams: boolean
  readonly state: ChannelState
  /** Names the one who fills it. */
  listen(listener: ChannelListener): void
  /** True takes the chunk, which must not change until its answer. False takes nothing, and `onReady` follows unless it is closed. */
  send(chunk: Uint8Array): boolean
  /** Lets go out what was taken, and resolves when that is done, or at a limit. */
  close(): Promise<void>
}
