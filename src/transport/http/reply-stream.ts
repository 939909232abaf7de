// Sends a stream of responses: NDJSON, or Server-Sent Events for whoever asks for them.
import type { Clock, Timer } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import type { HeaderList, ReplyWriter } from './exchange.ts'
import { problemText } from './problem.ts'

/** How messages, failures and the end of a stream are written. */
export interface StreamFormat {
  readonly headers: HeaderList
  message(text: string, id: string | undefined): string
  /** The last piece of a stream that failed. */
  failure(problem: string): string
  /** The last piece of a stream that is complete; empty for none. */
  readonly end: string
  /** Sent when nothing else was for a while; empty for never. */
  readonly heartbeat: string
}

/** Stands before the problem document that ends a stream which failed (ASCII record separator): no line of JSON begins with it. */
export const failureMark = '\x1e'

/** The media type of a stream of JSON values, one a line. */
export const lineType = 'application/x-ndjson'

/** One JSON value a line. */
export const lines: StreamFormat = {
  headers: ['content-type', lineType],
  message: (text) => `${text}\n`,
  failure: (problem) => `${failureMark}${problem}\n`,
  end: '',
  heartbeat: '',
}

/** Server-Sent Events (WHATWG HTML, 9.2). `end` and `error` are events of ours: a browser asks again for a stream that just stops. */
export const events: StreamFormat = {
  headers: ['content-type', 'text/event-stream', 'cache-control', 'no-cache', 'x-accel-buffering', 'no'],
  message: (text, id) => (id === undefined ? `data: ${text}\n\n` : `id: ${id}\ndata: ${text}\n\n`),
  failure: (problem) => `event: error\ndata: ${problem}\n\n`,
  end: 'event: end\ndata:\n\n',
  heartbeat: ':\n\n',
}

/** What a reply stream is sent with. */
export interface ReplyStreamOptions {
  readonly format: StreamFormat
  readonly clock: Clock
  readonly heartbeatMs: number
  /** Gives a message its id. */
  readonly eventId: ((message: unknown) => string | undefined) | undefined
  /** Is told of each message, and of the error that ends a stream. @default nobody */
  readonly sizes?: MessageSizes | undefined
  trailers(): HeaderList
  /** A message could not be encoded; gives what the caller may be told. */
  fail(thrown: unknown): ServiceError
}

/** Sends messages until the stream ends or the caller goes. What the stream throws is ready to be sent. */
export async function sendReplyStream(
  responses: AsyncIterable<unknown>,
  writer: ReplyWriter,
  options: ReplyStreamOptions,
): Promise<void> {
  const { format, sizes } = options
  const heart = format.heartbeat === '' ? undefined : new Heart(writer, options)
  let problem: string | undefined
  try {
    for await (const message of responses) {
      let id: string | undefined
      let text: string
      try {
        id = idOf(message, options)
        text = JSON.stringify(message) ?? 'null'
      } catch (thrown) {
        problem = problemText(options.fail(thrown))
        break
      }
      heart?.beat()
      const taken = writer.write(format.message(text, id))
      if (taken !== true) {
        heart?.rest()
        if (!(await taken)) return
        heart?.beat()
      }
      sizes?.sent(byteLength(text))
    }
  } catch (thrown) {
    problem = problemText(ServiceError.from(thrown))
  } finally {
    heart?.[Symbol.dispose]()
  }
  const last = problem === undefined ? format.end : format.failure(problem)
  const isTaken = last !== '' && (writer.write(last) === true || writer.blocked)
  if (problem !== undefined && isTaken) sizes?.sent(byteLength(problem))
  writer.end(options.trailers())
}

function idOf(message: unknown, { eventId }: ReplyStreamOptions): string | undefined {
  const id = eventId?.(message)
  // It stands in a line of its own.
  if (id !== undefined && /[\r\n\0]/.test(id)) throw new TypeError('the id of an event must be a single line')
  return id
}

/** Keeps a silent connection open: proxies cut one that says nothing. */
class Heart implements Disposable {
  readonly #writer: ReplyWriter
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #piece: string
  #lastAt: number
  #resting = false
  #timer: Timer | undefined

  constructor(writer: ReplyWriter, { clock, heartbeatMs, format }: ReplyStreamOptions) {
    this.#writer = writer
    this.#clock = clock
    this.#everyMs = heartbeatMs
    this.#piece = format.heartbeat
    this.#lastAt = clock.now()
    this.#wait()
  }

  /** A message was sent. */
  beat(): void {
    this.#resting = false
    this.#lastAt = this.#clock.now()
  }

  /** The reader does not read: what is sent would only pile up. */
  rest(): void {
    this.#resting = true
  }

  #restUntil(taken: Promise<boolean>): void {
    this.#resting = true
    void taken.then(() => {
      this.#resting = false
    })
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #wait(): void {
    this.#timer = this.#clock.scheduleAt(this.#lastAt + this.#everyMs, { run: () => this.#look() })
  }

  #look(): void {
    const now = this.#clock.now()
    if (now >= this.#lastAt + this.#everyMs) {
      const taken = this.#resting || this.#writer.write(this.#piece)
      if (taken !== true) this.#restUntil(taken)
      this.#lastAt = now
    }
    this.#wait()
  }
}
