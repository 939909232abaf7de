// What a call belongs to, so that calls which belong together go to the same instance: a user, a shard, a session.
import { type ContextKey, contextKey } from '../core/context-key.ts'

/**
 * The key that a hash ring goes by. It is set for all calls that a handler makes, `ctx.with(balancingKey, userId)`, or by
 * a client's own `key`, which comes first.
 */
export const balancingKey: ContextKey<string | undefined> = contextKey('balancing-key', {
  scope: 'request',
  fallback: undefined,
})
