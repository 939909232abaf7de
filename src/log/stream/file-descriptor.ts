// Lines to a descriptor that somebody else has opened.
import { checkNumber } from '../../primitives/check.ts'
import { DescriptorStream } from './descriptor-stream.ts'
import { checkedStreamOptions, type LineStream, type StreamOptions } from './line-stream.ts'

export type { LineStream, LinesDropped, StreamFailure, StreamOptions } from './line-stream.ts'

/**
 * Writes lines to an open descriptor, and leaves it open at the end. Where it is a pipe or a socket, it should be
 * non-blocking: else a reader who stops holds a thread of Node's pool, and with it the end of the process. Throws a
 * RangeError or TypeError for an option out of its range.
 */
export function fileDescriptor(fd: number, options?: StreamOptions): LineStream {
  checkNumber('fd', fd, { min: 0, max: 2 ** 31 - 1, integer: true })
  return new DescriptorStream({ fd, isOurs: false, neverWaits: false }, checkedStreamOptions(options))
}
