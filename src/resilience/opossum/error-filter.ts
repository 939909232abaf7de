// errorFilter: the option of that name for a breaker of opossum, by the meaning that our codes have.
import { isFailure } from '../is-failure.ts'

/**
 * True for what says nothing against who was called: callers' mistakes, cancellations and limits. Opossum counts those as successes;
 * what else there is, its own timeouts among it, as failures.
 */
export function errorFilter(error: unknown): boolean {
  return !isFailure(error)
}
