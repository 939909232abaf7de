// An origin for tests that plays the other side by hand: nothing is sent, and the test tells the listener.
import type { ServiceError } from '../../src/core/errors.ts'
import type { Exchange, Origin, OutgoingRequest, ReplyListener } from '../../src/platform/exchange.ts'

/** Keeps the request, its listener, and what was asked of the exchange. */
export class PlayedOrigin implements Origin, Exchange {
  readonly url = 'http://played.test'
  /** `pause`, `resume` and `abort`, in order. */
  readonly asked: string[] = []
  request: OutgoingRequest | undefined
  #listener: ReplyListener | undefined

  get listener(): ReplyListener {
    if (this.#listener === undefined) throw new Error('nothing was sent')
    return this.#listener
  }

  send(request: OutgoingRequest, listener: ReplyListener): Exchange {
    this.request = request
    this.#listener = listener
    return this
  }

  abort(reason?: unknown): void {
    this.asked.push('abort')
    this.listener.onFailure(reason as ServiceError)
  }

  pause(): void {
    this.asked.push('pause')
  }

  resume(): void {
    this.asked.push('resume')
  }
}
