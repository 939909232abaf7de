// The request that announces an instance, of which nobody may know afterwards whether it was done.
import type { Code } from '../core/codes.ts'
import { ServiceError } from '../core/errors.ts'

/**
 * Makes the request that announces. Unless the registry has surely not done it, `mayBeThere` is called as the signal aborts: when it takes too long, and at the end
 * of all that announcing takes, where a later request may have failed.
 */
export async function tellingDoubt(
  request: () => Promise<unknown>,
  signal: AbortSignal,
  mayBeThere: () => void,
): Promise<void> {
  signal.addEventListener('abort', mayBeThere, { once: true })
  try {
    await request()
  } catch (thrown) {
    if (!isInDoubt(thrown)) signal.removeEventListener('abort', mayBeThere)
    throw thrown
  }
}

/** Whether it was reached, and said neither yes nor no. */
function isInDoubt(thrown: unknown): boolean {
  return thrown instanceof ServiceError && thrown.retry !== 'safe' && unanswered.includes(thrown.code)
}

const unanswered: readonly Code[] = ['unavailable', 'deadline_exceeded', 'canceled', 'internal']
