// Begins a call from where nothing may be thrown: an endpoint that throws at once has failed like one that does so later.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'

/** Calls the endpoint; what it throws is a rejection. */
export function beginCall<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
  try {
    return next(request, ctx)
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}
