// How a middleware comes to know the sizes of messages, at either end: the one place that knows how the ends differ.
import type { Context } from './context.ts'
import { inbound } from './inbound.ts'
import { type MessageSizes, messageSizes } from './message-sizes.ts'
import { surface } from './tell.ts'

/**
 * Has the watcher told of the messages of a call, beside those who watch it already; gives the context with which the call
 * goes on. For a middleware, of a server or in the `use` of a client: at a server the request that was read before is told of
 * at once, and the reply after the middleware has returned. What the watcher throws surfaces as an uncaught error. A wire
 * whose messages are no bytes, as the in-memory one, tells nothing.
 */
export function watchSizes(ctx: Context, watcher: MessageSizes): Context {
  const call = ctx.get(inbound)
  if (call === inbound.fallback) return ctx.with(messageSizes, new Watch(watcher, ctx.get(messageSizes)))
  const { receivedBytes } = call
  // Those above have heard of it.
  if (receivedBytes !== undefined) new Watch(watcher, undefined).received(receivedBytes)
  call.sizes = new Watch(watcher, call.sizes)
  return ctx
}

/** A watcher and those above it. Throws nothing into the wire. */
class Watch implements MessageSizes {
  readonly #watcher: MessageSizes
  readonly #above: MessageSizes | undefined

  constructor(watcher: MessageSizes, above: MessageSizes | undefined) {
    this.#watcher = watcher
    this.#above = above
  }

  received(bytes: number): void {
    this.#above?.received(bytes)
    try {
      this.#watcher.received(bytes)
    } catch (thrown) {
      surface(thrown)
    }
  }

  sent(bytes: number): void {
    this.#above?.sent(bytes)
    try {
      this.#watcher.sent(bytes)
    } catch (thrown) {
      surface(thrown)
    }
  }
}
