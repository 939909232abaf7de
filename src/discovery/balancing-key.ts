// balancingKey: what a call is about, for balancers that send calls about the same thing to the same instance.
import { type ContextKey, contextKey } from '../core/context-key.ts'

/** The key of the call that is being made, such as a customer's id; undefined for one that may go anywhere. */
export const balancingKey: ContextKey<string | undefined> = contextKey('balancing-key', {
  scope: 'hop',
  fallback: undefined,
})
