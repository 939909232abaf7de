// What a record says of the call that it was logged in: whose request it is, where in its trace, and how long it may take.
import type { Context } from '../core/context.ts'
import { requestId, traceContext } from '../core/inbound.ts'
import { timestamps } from './timestamp.ts'

const deadlineText = timestamps()
const lastMoment = 8.64e15

/** `request_id`, `trace_id` and `span_id` of the call, as far as it has them, and `deadline`, a moment in RFC 3339. Never throws. */
export function contextFields(ctx: Context): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  try {
    const request = ctx.get(requestId)
    if (request !== '') fields['request_id'] = request
    const trace = ctx.get(traceContext)
    if (trace !== undefined) {
      fields['trace_id'] = trace.traceId
      fields['span_id'] = trace.spanId
    }
    if (ctx.deadlineAt !== Infinity) {
      const { clock } = ctx
      const at = clock.wallNow() + ctx.deadlineAt - clock.now()
      // No calendar has all that a number can say.
      if (Math.abs(at) <= lastMoment) fields['deadline'] = deadlineText(at)
    }
  } catch {
    // Something else than a context, or a deadline that no calendar has. What was found until then is true.
  }
  return fields
}
