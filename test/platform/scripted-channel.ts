// A channel for tests that is told what to take and what to answer.
import type { Channel, ChannelListener, ChannelState } from '../../src/platform/channel.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Takes as many chunks as it has room for, and answers when the test says so. */
export class ScriptedChannel implements Channel {
  readonly datagrams: boolean
  state: ChannelState = 'open'
  readonly texts: string[] = []
  room = Infinity
  answered = 0
  #listener: ChannelListener | undefined

  constructor(datagrams: boolean) {
    this.datagrams = datagrams
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
  }

  send(chunk: Uint8Array): boolean {
    if (this.room === 0) return false
    this.room--
    this.texts.push(decoder.decode(chunk))
    return true
  }

  /** Answers for the next chunks; for all that were taken unless it is told how many. */
  answer(error?: Error, count = this.texts.length - this.answered): void {
    for (let n = 0; n < count; n++) this.#listener?.onAnswer(error)
    this.answered += count
  }

  /** Has room, and says so. */
  open(room = Infinity): void {
    this.room = room
    this.#listener?.onReady()
  }

  async close(): Promise<void> {
    this.state = 'closed'
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
