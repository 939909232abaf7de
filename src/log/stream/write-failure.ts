// What it means when a descriptor does not take what is written to it, and when to try again.
import { backoff } from '../../primitives/backoff.ts'

/** `full`: it has no room just now. `broken`: it may be mended, as a full disk may. `final`: nothing will ever leave through it. */
export type WriteFailure = 'full' | 'broken' | 'final'

const failures: ReadonlyMap<string | undefined, WriteFailure> = new Map([
  ['EAGAIN', 'full'],
  ['EWOULDBLOCK', 'full'],
  ['EINTR', 'full'],
  ['EPIPE', 'final'],
  ['ECONNRESET', 'final'],
  // Its number may soon belong to another file, which is none of ours.
  ['EBADF', 'final'],
])

/** Judges a failed write by its code. */
export function writeFailure(code: string | undefined): WriteFailure {
  return failures.get(code) ?? 'broken'
}

const delaysMs = {
  full: backoff({ initialMs: 1, multiplier: 2, maxMs: 100, jitter: 'none' }),
  broken: backoff({ initialMs: 100, multiplier: 2, maxMs: 5_000, jitter: 'none' }),
}

/** How long to wait before the next try, after so many that took nothing, in milliseconds. */
export function retryDelayMs(failure: 'full' | 'broken', tries: number): number {
  return delaysMs[failure](tries)
}
