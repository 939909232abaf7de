// The body of a Response, piece by piece: a piece is handed over when the runtime asks for one, and what came meanwhile goes with it.
import type { HeaderList, ReplyWriter } from './exchange.ts'

/** As much as is gathered before whoever writes has to wait, in characters or bytes. */
const mostGathered = 16_384

/** Writes into the stream of a Response. The Fetch standard has no trailers: they are left out. */
export class FetchWriter implements ReplyWriter {
  readonly stream: ReadableStream<Uint8Array>
  /** What was handed over. */
  bytes = 0
  readonly #encoder = new TextEncoder()
  readonly #onEnd: (complete: boolean) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined
  /** What waits to be asked for: pieces, then text. */
  #pieces: Uint8Array[] = []
  #text = ''
  #gathered = 0
  #blocked: PromiseWithResolvers<boolean> | undefined = undefined
  #asked = false
  #state: 'open' | 'ending' | 'over' = 'open'

  /** `onEnd` is called once: with true when the last piece was handed over, with false when the reply was broken off or its reader left. */
  constructor(onEnd: (complete: boolean) => void) {
    this.#onEnd = onEnd
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        this.#controller = controller
      },
      pull: () => {
        if (this.#state === 'over') throw brokenOff()
        this.#asked = true
        this.#hand()
      },
      cancel: () => this.#finish(false),
    }
    // Nothing lies in the stream itself, so that what was handed over has really been read.
    this.stream = new ReadableStream(source, { highWaterMark: 0 })
  }

  get blocked(): boolean {
    return this.#blocked !== undefined
  }

  write(piece: string | Uint8Array): true | Promise<boolean> {
    if (this.#state !== 'open') return Promise.resolve(false)
    if (typeof piece === 'string') this.#text += piece
    else if (piece.length > 0) {
      this.#cut()
      this.#pieces.push(piece)
    }
    this.#gathered += piece.length
    if (this.#asked) this.#hand()
    if (this.#gathered < mostGathered) return true
    this.#blocked ??= Promise.withResolvers()
    return this.#blocked.promise
  }

  end(_trailers: HeaderList): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#hand()
  }

  destroy(): void {
    if (this.#state === 'over') return
    this.#controller?.error(brokenOff())
    this.#finish(false)
  }

  /** The caller has gone. The runtime will cancel the stream: broken off here, Deno would print it as a fault. */
  gone(): void {
    this.#finish(false)
  }

  /** Gives the runtime what there is, if it waits for it, and closes the stream behind the last piece. */
  #hand(): void {
    if (this.#state === 'over') return
    this.#cut()
    if (this.#asked && this.#gathered > 0) {
      this.#asked = false
      this.#gathered = 0
      for (const piece of this.#pieces) {
        this.bytes += piece.length
        this.#controller?.enqueue(piece)
      }
      this.#pieces = []
      this.#unblock(true)
    }
    if (this.#state === 'ending' && this.#gathered === 0) {
      this.#controller?.close()
      this.#finish(true)
    }
  }

  /** Text becomes a piece. */
  #cut(): void {
    if (this.#text === '') return
    this.#pieces.push(this.#encoder.encode(this.#text))
    this.#text = ''
  }

  #finish(complete: boolean): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#pieces = []
    this.#text = ''
    this.#unblock(false)
    this.#onEnd(complete)
  }

  #unblock(goesOn: boolean): void {
    this.#blocked?.resolve(goesOn)
    this.#blocked = undefined
  }
}

function brokenOff(): TypeError {
  return new TypeError('the reply was broken off')
}
