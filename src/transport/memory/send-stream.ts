// The sending end of a stream on the in-memory wire: a window of messages on their way, then the sender waits.
import { AsyncQueue } from '../../primitives/async-queue.ts'

/** How many messages may be on their way before the sender waits. */
const windowMessages = 16

/** What a stream does on its way. */
export interface StreamSender {
  encode(message: unknown): unknown
  /** What the reader is told of a failure. */
  failure(thrown: unknown): unknown
  /** The last message has been sent. */
  onEnd?(): void
  /** The reader has left. */
  onReturn?: (() => void) | undefined
}

/** Sends the messages of a stream into a queue that the other end reads. Closes the source when the reader leaves. */
export function sendStream(source: AsyncIterable<unknown>, sender: StreamSender): AsyncQueue<unknown> {
  const queue = new AsyncQueue<unknown>({ capacity: windowMessages, onReturn: sender.onReturn })
  void pump(source, queue, sender)
  return queue
}

async function pump(source: AsyncIterable<unknown>, queue: AsyncQueue<unknown>, sender: StreamSender): Promise<void> {
  try {
    for await (const message of source) {
      const taken = queue.push(sender.encode(message))
      if (taken !== true && !(await taken)) return
    }
    sender.onEnd?.()
    queue.end()
  } catch (thrown) {
    queue.fail(sender.failure(thrown))
  }
}
