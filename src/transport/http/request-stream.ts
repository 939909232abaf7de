// Sends a stream of requests as NDJSON: what is there within one turn of the event loop goes out as one piece.
import type { MessageSizes } from '../../core/message-sizes.ts'
import { closeQuietly } from '../../core/streams.ts'
import { byteLength } from '../../primitives/byte-length.ts'

// What Node, Bun and Deno have for this, Workers have not.
const nextTurn: (run: () => void) => unknown =
  typeof setImmediate === 'function' ? setImmediate : (run) => setTimeout(run, 0)

/** As much as is gathered before the source is no longer read. */
const mostChars = 16_384

/**
 * Lines of JSON, gathered into pieces. A piece waits for one turn of the event loop, so that a source which never waits
 * keeps nobody else from working. Fails with what the source throws, or what `unfit` makes of a message that is no JSON.
 * `sizes` is told of each message.
 */
export class RequestStream implements AsyncIterableIterator<Uint8Array> {
  readonly #source: AsyncIterator<unknown>
  readonly #unfit: (thrown: unknown) => unknown
  readonly #sizes: MessageSizes | undefined
  readonly #encoder = new TextEncoder()
  #text = ''
  #over = false
  #failure: { readonly thrown: unknown } | undefined = undefined
  /** Wakes whoever waits for text, and the reading of the source that waits for room. */
  #filled: (() => void) | undefined = undefined
  #emptied: (() => void) | undefined = undefined

  constructor(source: AsyncIterable<unknown>, unfit: (thrown: unknown) => unknown, sizes?: MessageSizes | undefined) {
    this.#source = source[Symbol.asyncIterator]()
    this.#unfit = unfit
    this.#sizes = sizes
    void this.#gather()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#text === '' && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#filled = resolve
      })
    }
    await new Promise<void>(nextTurn)
    const text = this.#text
    this.#text = ''
    this.#emptied?.()
    if (text !== '') return { done: false, value: this.#encoder.encode(text) }
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.thrown
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#over) closeQuietly(this.#source)
    this.#end()
    return { done: true, value: undefined }
  }

  async #gather(): Promise<void> {
    try {
      for (;;) {
        const result = await this.#source.next()
        if (this.#over || result.done) break
        this.#text += this.#lineOf(result.value)
        this.#filled?.()
        if (this.#text.length < mostChars) continue
        await new Promise<void>((resolve) => {
          this.#emptied = resolve
        })
        if (this.#over) break
      }
    } catch (thrown) {
      this.#failure = { thrown }
    }
    this.#end()
  }

  #lineOf(message: unknown): string {
    let text: string
    try {
      text = JSON.stringify(message) ?? 'null'
    } catch (thrown) {
      closeQuietly(this.#source)
      throw this.#unfit(thrown)
    }
    this.#sizes?.sent(byteLength(text))
    return `${text}\n`
  }

  #end(): void {
    this.#over = true
    this.#filled?.()
    this.#emptied?.()
  }
}
