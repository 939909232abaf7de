// Lines to a file that the stream opens itself, and opens again when it was moved away.
import { constants, fstatSync, openSync } from 'node:fs'
import type { Timer } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import { backoff } from '../../primitives/backoff.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Descriptor, DescriptorStream } from './descriptor-stream.ts'
import {
  type CheckedStreamOptions,
  checkBoolean,
  checkedStreamOptions,
  type LineStream,
  type StreamOptions,
} from './line-stream.ts'
import { onProcessEvent } from './process-event.ts'

export type { LineStream, LinesDropped, StreamFailure, StreamOptions } from './line-stream.ts'

/** How a file is opened and written. */
export interface FileOptions extends StreamOptions {
  /** The permissions of a file that is created, less what the umask takes. @default 0o640 */
  readonly mode?: number | undefined
  /** Whether SIGHUP opens the file again, as logrotate wants it; it does not end the process then. @default false */
  readonly reopenOnSighup?: boolean | undefined
}

/** A stream of lines that knows the path of its file. */
export interface FileStream extends LineStream {
  /**
   * Opens the path again, and writes there from the next batch on: what rotates a file moves it away and then asks for this. While it
   * cannot be opened, `onError` is told once, the old file is written on, and it is tried again. Never throws.
   */
  reopen(): void
}

const reopenDelayMs = backoff({ jitter: 'none' })

/**
 * Appends lines to a file, and creates it when there is none; folders are not created. Throws what `node:fs` throws when
 * it cannot be opened, and a RangeError or TypeError for an option out of its range.
 */
export function file(path: string, options: FileOptions = {}): FileStream {
  const { mode = 0o640, reopenOnSighup = false } = options
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  checkNumber('mode', mode, { min: 0, max: 0o777, integer: true })
  checkBoolean('reopenOnSighup', reopenOnSighup)
  const stream = new LogFile(path, mode, checkedStreamOptions(options))
  if (reopenOnSighup) stream.held.use(onProcessEvent('SIGHUP', () => stream.reopen()))
  return stream
}

class LogFile extends DescriptorStream implements FileStream {
  readonly #open: () => Descriptor
  readonly #options: CheckedStreamOptions
  #tries = 0
  #retry: Timer | undefined

  constructor(path: string, mode: number, options: CheckedStreamOptions) {
    const open = () => opened(path, mode)
    super(open(), options)
    this.#open = open
    this.#options = options
    this.held.defer(() => this.#retry?.cancel())
  }

  reopen(): void {
    this.#retry?.cancel()
    if (this.held.disposed) return
    try {
      this.moveTo(this.#open())
      this.#tries = 0
    } catch (thrown) {
      const delayMs = reopenDelayMs(this.#tries++)
      this.#retry = this.#options.clock.schedule(delayMs, () => this.reopen(), { background: true })
      if (this.#tries === 1) tell(this.#options.onError, { error: thrown as NodeJS.ErrnoException, isFinal: false })
    }
  }
}

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants

/** Non-blocking, which means nothing to files, and makes a named pipe without a reader fail here rather than wait for one. */
function opened(path: string, mode: number): Descriptor {
  // Windows has not all of them.
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | (O_NOCTTY ?? 0) | (O_NONBLOCK ?? 0), mode)
  return { fd, isOurs: true, neverWaits: process.platform !== 'win32' && !fstatSync(fd).isFile() }
}
