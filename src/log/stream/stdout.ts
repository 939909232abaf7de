// Lines to the standard streams of the process.
import { constants, fstatSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { type Descriptor, DescriptorStream } from './descriptor-stream.ts'
import { checkedStreamOptions, type LineStream, type StreamOptions } from './line-stream.ts'

export type { LineStream, LinesDropped, StreamFailure, StreamOptions } from './line-stream.ts'

/** Writes lines to standard output. Throws a RangeError or TypeError for an option out of its range. */
export function stdout(options?: StreamOptions): LineStream {
  return standard(1, options)
}

/** Writes lines to standard error. Throws a RangeError or TypeError for an option out of its range. */
export function stderr(options?: StreamOptions): LineStream {
  return standard(2, options)
}

function standard(fd: 1 | 2, options: StreamOptions | undefined): LineStream {
  const checked = checkedStreamOptions(options)
  return new DescriptorStream(descriptorOf(fd), checked)
}

function descriptorOf(fd: 1 | 2): Descriptor {
  const opened = isPipe(fd) || isatty(fd) ? openedAnew(fd) : undefined
  if (opened !== undefined) return { fd: opened, isOurs: true, neverWaits: true }
  // Makes a pipe or a socket non-blocking, as the first `console.log` does. Spawning a child that shares it can undo that,
  // which is why it cannot be relied on.
  void (fd === 1 ? process.stdout : process.stderr)
  return { fd, isOurs: false, neverWaits: false }
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO()
  } catch {
    return false
  }
}

/**
 * Opens the same pipe or terminal once more, non-blocking for us alone: whether a descriptor blocks belongs to all processes that
 * share it. Undefined where that cannot be done: on other systems than Linux, and for those who may not open it.
 */
function openedAnew(fd: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined
  }
}
