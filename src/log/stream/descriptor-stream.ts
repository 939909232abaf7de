// The writing itself: a batch at a time to one descriptor, through everything that a kernel may answer.
import type { Timer } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import { Flushes } from '../../platform/flushes.ts'
import type { Batch } from './batch.ts'
import { DropNotice } from './drop-notice.ts'
import { type Kernel, nodeKernel } from './kernel.ts'
import { LastWrites } from './last-writes.ts'
import { LineQueue } from './line-queue.ts'
import type { CheckedStreamOptions, LineStream } from './line-stream.ts'
import { onProcessEvent } from './process-event.ts'
import { retryDelayMs, writeFailure } from './write-failure.ts'

/** What a stream writes to. */
export interface Descriptor {
  readonly fd: number
  /** Whether we opened it, and so close it. */
  readonly isOurs: boolean
  /** Whether the kernel refuses what it cannot take at once, rather than let us wait. */
  readonly neverWaits: boolean
}

/**
 * `gathering`: until the end of this turn. `writing`: a write is on its way. `stalled`: to be tried again. `gone`: the
 * descriptor leads nowhere any more. `exiting`: what comes is written before `write` returns.
 */
type State = 'idle' | 'gathering' | 'writing' | 'stalled' | 'gone' | 'exiting' | 'closed'

/** A write that is on its way has landed by then, unless it waits for a reader or the whole machine is busy. */
const landingMs = 50

/** Writes lines to a descriptor, and to another one when it is told to; see LineStream. */
export class DescriptorStream implements LineStream {
  /** Disposed when the stream closes. */
  readonly held: DisposableStack = new DisposableStack()
  readonly #options: CheckedStreamOptions
  readonly #kernel: Kernel
  readonly #queue: LineQueue
  readonly #drops: DropNotice
  readonly #flushes: Flushes
  readonly #last: LastWrites
  readonly #onTurnEnd = (): void => {
    if (this.#state === 'gathering') this.#pump(true)
  }
  readonly #onRetry = (): void => {
    this.#retry = undefined
    if (this.#state === 'stalled') this.#pump(true)
  }
  readonly #onWritten = (error: NodeJS.ErrnoException | null, bytes: number): void => this.#landed(error, bytes)
  #descriptor: Descriptor
  /** Takes over when the write that is on its way has landed. */
  #successor: Descriptor | undefined
  #state: State = 'idle'
  #accepts = true
  #head: Batch | undefined
  /** How many in a row have taken nothing, and since when. */
  #tries = 0
  #stalledAt = 0
  #retry: Timer | undefined
  #trouble: string | undefined
  #lost = 0
  #closing: Promise<void> | undefined

  constructor(descriptor: Descriptor, options: CheckedStreamOptions, kernel: Kernel = nodeKernel) {
    this.#descriptor = descriptor
    this.#options = options
    this.#kernel = kernel
    this.#last = new LastWrites(kernel)
    this.#queue = new LineQueue(options.maxPendingBytes)
    this.#flushes = new Flushes(options.clock, options.flushTimeoutMs)
    this.#drops = new DropNotice(() => this.dropped, options.onDrop, options.clock)
    if (options.flushOnExit) this.held.use(onProcessEvent('exit', () => this.#exit()))
  }

  get dropped(): number {
    return this.#queue.dropped + this.#lost
  }

  write(text: string): void {
    if (!this.#accepts) {
      this.#refuse(text)
      return
    }
    const isComplete = this.#queue.push(text)
    if (this.#state === 'idle') this.#gather()
    if (isComplete) this.#onBatch()
  }

  flush(): Promise<void> {
    if (this.#state === 'gathering') this.#pump(true)
    const upTo = this.#queue.newestSerial
    if (this.#oldestSerial() > upTo) return Promise.resolve()
    return this.#flushes.wait(upTo)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Writes to another descriptor from here on; a line that has left in part is written there as a whole. */
  moveTo(descriptor: Descriptor): void {
    if (this.#state === 'writing') {
      this.#release(this.#successor)
      this.#successor = descriptor
      return
    }
    if (this.#state === 'closed') {
      this.#release(descriptor)
      return
    }
    this.#release(this.#descriptor)
    this.#descriptor = descriptor
    this.#head?.rewind()
    this.#trouble = undefined
    this.#calm()
    if (this.#state === 'gone') this.#accepts = this.#closing === undefined
    if (this.#state === 'stalled' || this.#state === 'gone') this.#pump(true)
  }

  #gather(): void {
    this.#state = 'gathering'
    setImmediate(this.#onTurnEnd)
  }

  #onBatch(): void {
    // A reader of a busy program makes room faster than a timer can tell; so many lines are worth a try.
    if (this.#state === 'stalled' && this.#trouble === undefined) this.#goOn(false)
    else if (this.#state === 'gathering') this.#pump(false)
    // To make room here, older lines may have been dropped.
    this.#settle()
  }

  /** Writes until it has to wait for something, or for the end of the turn; with `all` not for that. */
  #pump(all: boolean): void {
    this.#state = 'gathering'
    for (let head = this.#next(all); head !== undefined; head = this.#next(all)) if (!this.#writeTo(head)) return
    if (all) this.#state = 'idle'
  }

  #next(all: boolean): Batch | undefined {
    this.#head ??= this.#queue.take(all)
    return this.#head
  }

  /** False when there is something to wait for. */
  #writeTo({ bytes, offset, rest }: Batch): boolean {
    const { fd, neverWaits } = this.#descriptor
    if (!(this.#options.sync ?? neverWaits)) {
      this.#state = 'writing'
      this.#kernel.write(fd, bytes, offset, rest, null, this.#onWritten)
      return false
    }
    try {
      return this.#taken(this.#kernel.writeSync(fd, bytes, offset, rest))
    } catch (thrown) {
      return this.#failed(thrown as NodeJS.ErrnoException)
    }
  }

  #landed(error: NodeJS.ErrnoException | null, bytes: number): void {
    if (this.#state !== 'writing') {
      // It took longer than the end did.
      this.#release(this.#descriptor)
      return
    }
    const successor = this.#successor
    this.#successor = undefined
    const goesOn = error === null ? this.#taken(bytes) : successor !== undefined || this.#failed(error)
    if (successor === undefined && !goesOn) return
    this.#state = 'gathering'
    if (successor !== undefined) this.moveTo(successor)
    // What is gathered goes at the end of this turn, with what comes until then, unless somebody waits for it.
    this.#goOn(this.#flushes.size > 0)
  }

  #goOn(all: boolean): void {
    this.#pump(all)
    if (this.#state === 'gathering') this.#gather()
  }

  /** False when nothing was. */
  #taken(bytes: number): boolean {
    if (bytes === 0) return this.#stall('full')
    const head = this.#head
    head?.advance(bytes)
    if (this.#tries > 0) this.#calm()
    if (head?.rest === 0) {
      this.#queue.recycle(head)
      this.#head = undefined
      this.#trouble = undefined
      this.#settle()
    }
    return true
  }

  #failed(error: NodeJS.ErrnoException): false {
    const failure = writeFailure(error.code)
    if (failure === 'full') return this.#stall(failure)
    const isNews = this.#trouble !== error.code
    this.#trouble = error.code
    if (failure === 'broken') this.#stall(failure)
    else this.#end('gone')
    // At last, since it may write a line itself.
    if (isNews) tell(this.#options.onError, { error, isFinal: failure === 'final' })
    return false
  }

  /** Keeps a process that has nothing else to do for a while, but not for ever. */
  #stall(failure: 'full' | 'broken'): false {
    const { clock, flushTimeoutMs } = this.#options
    const now = clock.now()
    if (this.#tries === 0) this.#stalledAt = now
    this.#state = 'stalled'
    const background = now - this.#stalledAt >= flushTimeoutMs
    this.#retry ??= clock.schedule(retryDelayMs(failure, this.#tries++), this.#onRetry, { background })
    return false
  }

  #calm(): void {
    this.#tries = 0
    this.#retry?.cancel()
    this.#retry = undefined
  }

  #refuse(text: string): void {
    if (this.#state === 'exiting') {
      this.#queue.push(text)
      this.#drain()
    } else {
      this.#lost++
    }
    this.#settle()
  }

  #exit(): void {
    if (this.#state === 'gone' || this.#state === 'closed') return
    if (this.#state === 'writing') {
      // Node finishes what is on its way before it ends, but tells nobody: a moment keeps the order.
      this.#kernel.pause(landingMs)
      this.#head = undefined
    }
    this.#calm()
    this.#accepts = false
    this.#state = 'exiting'
    this.#drain()
    this.#drops.tell()
  }

  #drain(): void {
    for (let head = this.#next(true); head !== undefined; head = this.#next(true)) {
      const bytes = this.#last.write(this.#descriptor.fd, head)
      if (bytes > 0) this.#taken(bytes)
      else this.#end('gone')
    }
  }

  async #close(): Promise<void> {
    this.#accepts = false
    await this.flush()
    const isWriting = this.#state === 'writing'
    this.#end('closed')
    this.held.dispose()
    this.#drops.tell()
    this.#release(this.#successor)
    // The number must not get a new meaning before a write that is on its way has landed.
    if (!isWriting) this.#release(this.#descriptor)
  }

  /** Drops what has not left. */
  #end(state: 'gone' | 'closed'): void {
    this.#state = state
    this.#accepts = false
    this.#calm()
    this.#lost += this.#head?.linesLeft ?? 0
    this.#head = undefined
    this.#queue.clear()
    this.#settle()
  }

  #release(descriptor: Descriptor | undefined): void {
    if (descriptor?.isOurs) this.#kernel.close(descriptor.fd, () => {})
  }

  #oldestSerial(): number {
    return this.#head?.serial ?? this.#queue.oldestSerial
  }

  /** Whatever has left or was dropped is waited for no more. */
  #settle(): void {
    if (this.#flushes.size > 0) this.#flushes.settle(this.#oldestSerial())
    this.#drops.look()
  }
}
