// The body of a reply on node:http, piece by piece: small pieces go out together, and a caller that does not read is waited for.
import type { ServerResponse } from 'node:http'
import type { HeaderList, ReplyWriter } from './exchange.ts'

/** As much as is gathered before it is sent at once. */
const mostChars = 16_384

/** Limits how long a caller may take nothing. */
export interface SendingWatch {
  /** Something waits to be taken. */
  watchSending(): void
  /** The last of a reply was handed over. */
  watchRest(response: ServerResponse): void
  /** All of it was taken. */
  sent(): void
}

/** Writes one reply. Pieces of the same turn of the event loop become one chunk. */
export class NodeWriter implements ReplyWriter {
  readonly #response: ServerResponse
  readonly #connection: SendingWatch
  readonly #onEnd: () => void
  #text = ''
  #waits = false
  #blocked: PromiseWithResolvers<boolean> | undefined = undefined
  #over = false
  bytes = 0

  /** `onEnd` is called when the last piece was handed over. */
  constructor(response: ServerResponse, connection: SendingWatch, onEnd: () => void) {
    this.#response = response
    this.#connection = connection
    this.#onEnd = onEnd
  }

  get blocked(): boolean {
    return this.#blocked !== undefined
  }

  write(piece: string | Uint8Array): true | Promise<boolean> {
    if (this.#over) return Promise.resolve(false)
    if (typeof piece === 'string') {
      this.#text += piece
      if (this.#text.length >= mostChars) this.#flush()
      else if (!this.#waits) {
        this.#waits = true
        process.nextTick(() => this.#flush())
      }
    } else {
      this.#flush()
      this.#send(piece)
    }
    return this.#blocked?.promise ?? true
  }

  end(trailers: HeaderList): void {
    if (this.#over) return
    this.#flush()
    this.#over = true
    if (trailers.length > 0) {
      const pairs: [string, string][] = []
      for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i] as string, trailers[i + 1] as string])
      this.#response.addTrailers(pairs)
    }
    this.#response.end()
    this.#connection.watchRest(this.#response)
    this.#onEnd()
  }

  destroy(): void {
    if (this.#over) return
    this.gone()
    this.#response.destroy()
    this.#onEnd()
  }

  /** The caller has gone. */
  gone(): void {
    this.#over = true
    this.#text = ''
    this.#blocked?.resolve(false)
    this.#blocked = undefined
  }

  #flush(): void {
    this.#waits = false
    if (this.#over || this.#text === '') return
    const text = this.#text
    this.#text = ''
    this.#send(text)
  }

  #send(piece: string | Uint8Array): void {
    this.bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
    if (this.#response.write(piece) || this.#blocked !== undefined) return
    const blocked = Promise.withResolvers<boolean>()
    this.#blocked = blocked
    // One that queues behind another reply waits for that, and not for its caller.
    if (this.#response.socket !== null) this.#connection.watchSending()
    this.#response.once('drain', () => {
      this.#connection.sent()
      if (this.#blocked === blocked) this.#blocked = undefined
      blocked.resolve(true)
    })
  }
}
