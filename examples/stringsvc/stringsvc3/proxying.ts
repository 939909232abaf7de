// Proxying as a service decorator: other instances do uppercase, the rest stays here. What balancedClient puts together, by hand.
import { type Middleware, ServiceError } from 'servicekit'
import { balanced } from 'servicekit/discovery/balanced'
import type { Instance } from 'servicekit/discovery/instance'
import type { Instancer } from 'servicekit/discovery/instancer'
import { roundRobin } from 'servicekit/discovery/round-robin'
import { instanceBreakers } from 'servicekit/presets/instance-breakers'
import { attemptErrors } from 'servicekit/resilience/attempts'
import { rateLimit } from 'servicekit/resilience/rate-limit'
import { retry } from 'servicekit/resilience/retry'
import { timeout } from 'servicekit/resilience/timeout'
import { type HttpCaller, httpCall } from 'servicekit/transport/http/call'
import { z } from 'zod'
import type { StringService } from './service.ts'

type Request = { s: string }
type Reply = { v: string; err: string | null }

/** Disposing it lets go of the instances; the instancer is its owner's. */
export function proxying(next: StringService, instancer: Instancer): StringService & AsyncDisposable {
  const uppercase = balanced<Request, Reply>({
    method: 'stringsvc/uppercase',
    idempotent: true,
    instancer,
    connect: uppercaseAt,
    balancer: roundRobin(),
    // One that failed five times in a row is passed over for a while.
    health: instanceBreakers().of,
    use: [tellingAll(instancer.name)],
    pipeline: {
      // All attempts together have a second, each at another instance. Without a budget, as a call may always go on to the next one.
      call: [timeout({ timeoutMs: 1_000 }), retry({ attempts: 3, budget: false })],
      // One that hangs leaves time for the others.
      attempt: [timeout({ timeoutMs: 500, of: 'attempt' })],
    },
  })
  return { ...next, uppercase, [Symbol.asyncDispose]: () => uppercase[Symbol.asyncDispose]() }
}

/** The endpoint of one instance. */
function uppercaseAt({ address, metadata }: Instance): HttpCaller<Request, Reply> {
  return httpCall({
    method: 'POST',
    url: metadata?.['url'] ?? `http://${address}/uppercase`,
    idempotent: true,
    decode: (reply) => replyForm.parse(reply.json()),
    use: [rateLimit({ perSecond: 100 })],
  })
}

// Go kit's instances say nothing of an error where there is none.
const replyForm = z.object({ v: z.string(), err: z.string().nullable().default(null) })

/** Has an error say what was looked up and what each attempt failed with, where it would say that of the last one. */
function tellingAll(lookedUp: string): Middleware {
  const tell = (thrown: unknown): never => {
    const error = ServiceError.from(thrown)
    const { code, retry, retryAfterMs, message } = error
    const all = [...new Set(attemptErrors(error).map((each) => each.message))].join('; ')
    const text = message.includes(lookedUp) ? message : `${lookedUp}: ${all}`
    throw new ServiceError(code, text, { retry, retryAfterMs, cause: error })
  }
  return (next) => (request, ctx) => next(request, ctx).catch(tell)
}
