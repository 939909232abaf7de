// A request that announces something, and whether it did where nobody said so.
import type { Code } from '../core/codes.ts'
import { ServiceError } from '../core/errors.ts'

const unanswered: readonly Code[] = ['unavailable', 'deadline_exceeded', 'canceled', 'internal']

/**
 * Sends it, and calls `inDoubt` where it fails or takes too long although the registry may have done it: it was reached, and said neither yes nor no. Settles as
 * the request does.
 */
export async function sentInDoubt(
  signal: AbortSignal,
  inDoubt: (() => void) | undefined,
  send: () => Promise<void>,
): Promise<void> {
  const late = () => inDoubt?.()
  // A request's signal is aborted when it is over, also where it takes too long.
  signal.addEventListener('abort', late, { once: true })
  try {
    await send()
  } catch (thrown) {
    if (!mayBeDone(thrown)) signal.removeEventListener('abort', late)
    throw thrown
  }
}

function mayBeDone(thrown: unknown): boolean {
  return thrown instanceof ServiceError && thrown.retry !== 'safe' && unanswered.includes(thrown.code)
}
