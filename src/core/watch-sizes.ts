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
  const watch = sizesWatcher(watcher)
  const call = ctx.get(inbound)
  if (call === inbound.fallback) return ctx.with(messageSizes, below(ctx.get(messageSizes), watch))
  // Those above have heard of it.
  if (call.receivedBytes !== undefined) watch.received(call.receivedBytes)
  call.sizes = below(call.sizes, watch)
  return ctx
}

/** Makes a watcher that throws nothing into the wire, for those who watch many calls: `watchSizes` then makes nothing for each. */
export function sizesWatcher(watcher: MessageSizes): MessageSizes {
  return watcher instanceof Watch ? watcher : new Watch(watcher)
}

function below(above: MessageSizes | undefined, watch: MessageSizes): MessageSizes {
  return above === undefined ? watch : new Both(above, watch)
}

class Watch implements MessageSizes {
  readonly #watcher: MessageSizes

  constructor(watcher: MessageSizes) {
    this.#watcher = watcher
  }

  received(bytes: number): void {
    try {
      this.#watcher.received(bytes)
    } catch (thrown) {
      surface(thrown)
    }
  }

  sent(bytes: number): void {
    try {
      this.#watcher.sent(bytes)
    } catch (thrown) {
      surface(thrown)
    }
  }
}

/** Two watchers that throw nothing. */
class Both implements MessageSizes {
  readonly #above: MessageSizes
  readonly #watch: MessageSizes

  constructor(above: MessageSizes, watch: MessageSizes) {
    this.#above = above
    this.#watch = watch
  }

  received(bytes: number): void {
    this.#above.received(bytes)
    this.#watch.received(bytes)
  }

  sent(bytes: number): void {
    this.#above.sent(bytes)
    this.#watch.sent(bytes)
  }
}
