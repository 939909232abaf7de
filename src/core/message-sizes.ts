// The sizes of the messages of a call, as wires tell them to whoever watches: a wire knows nothing of what is made of them.
import { type ContextKey, contextKey } from './context-key.ts'

/**
 * Is told the size of each message of a call, in bytes: of its encoded form, without what frames it on the wire and before any
 * compression. A message is told of once, when it has come or was handed over as a whole: what is refused, broken off or never
 * read is none. One without bytes, as a request that is all in its path, has 0. An error counts where it is sent as a message, as over HTTP.
 */
export interface MessageSizes {
  received(bytes: number): void
  sent(bytes: number): void
}

/** Where the calling end of a wire finds whom to tell; the serving end tells `Inbound.sizes`. Bound by `watchSizes`, so that it never throws. */
export const messageSizes: ContextKey<MessageSizes | undefined> = contextKey('message-sizes', {
  scope: 'hop',
  fallback: undefined,
})
