// What a client sends with a call on every wire beside the message: what its context carries, and how much time is left.
import { callOptions } from '../core/call-options.ts'
import { type Context, carriedHeaders } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import type { Metadata } from '../core/metadata.ts'

// Shared by all calls that say nothing, so nobody may be able to add to it.
const none: Metadata = Object.freeze({ get: () => undefined, *[Symbol.iterator]() {} })

/** The headers of one call without its deadline, which each wire has its own way to say. */
export function outboundHeaders(ctx: Context): Metadata {
  const own = ctx.get(callOptions)?.headers
  const carried = carriedHeaders(ctx)
  if (own === undefined) return carried ?? none
  const headers = carried ?? new Map<string, string>()
  for (const [name, value] of Object.entries(own)) headers.set(name.toLowerCase(), value)
  return headers
}

/**
 * How much time is left for a call at the moment `now` of its clock, in whole milliseconds; undefined when it has no
 * deadline. Throws `deadline_exceeded` when none is left, marked `safe`, since nothing was sent.
 */
export function outboundTimeoutMs(ctx: Context, now: number): number | undefined {
  if (ctx.deadlineAt === Infinity) return undefined
  const leftMs = ctx.deadlineAt - now
  if (leftMs <= 0) throw new ServiceError('deadline_exceeded', 'no time was left to make the call', { retry: 'safe' })
  // Rounded down, so that nobody downstream sees more time than there is; but 0 would say that there was none.
  return Math.max(1, Math.floor(leftMs))
}
