// A request of node:http whose body may come without the machinery of streams.
import { IncomingMessage } from 'node:http'

/** Gets the pieces of a body, null at its end. */
export interface BodySink {
  push(piece: Buffer | null): void
}

/**
 * A request whose body may go straight to a sink. The parser hands each piece to `push`; a stream would copy it into its
 * buffer, and tell of it two turns later: that is a tenth of what a small request costs.
 */
export class SinkableMessage extends IncomingMessage {
  sink: BodySink | undefined = undefined

  override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
    const { sink } = this
    if (sink === undefined) return super.push(piece, encoding)
    sink.push(piece)
    return true
  }
}
