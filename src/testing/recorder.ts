// Remembers what was called, for tests: a callback that records its events, and middlewares that record calls and sizes.
import type { Context } from '../core/context.ts'
import { type Endpoint, type Middleware, tap } from '../core/endpoint.ts'
import type { Outcome } from '../core/outcome.ts'
import { watchSizes } from '../core/watch-sizes.ts'

/** A function that remembers what it was called with. */
export interface Recorder<E> {
  (event: E): void
  /** What came so far, the first one first. */
  readonly events: readonly E[]
  /** Forgets all. */
  clear(): void
}

/** Makes a callback for any `on…` option. */
export function recorder<E>(): Recorder<E> {
  const events: E[] = []
  const record = (event: E) => void events.push(event)
  return Object.assign(record, { events, clear: () => void events.splice(0) })
}

/** One call that went by. */
export interface RecordedCall {
  /** `service/name`. */
  readonly method: string
  readonly ctx: Context
  readonly request: unknown
  /** The messages of a stream of responses, as far as they came. */
  readonly messages: readonly unknown[]
  /** Undefined while the call goes on. */
  readonly outcome: Outcome | undefined
}

/** A middleware that remembers the calls which go through it, of any kind. */
export interface CallRecorder extends Middleware {
  /** In the order in which they began. */
  readonly calls: readonly RecordedCall[]
}

/** Makes a middleware that records calls and changes nothing. */
export function recordCalls(): CallRecorder {
  const calls: RecordedCall[] = []
  interface Growing extends RecordedCall {
    messages: unknown[]
    outcome: Outcome | undefined
  }
  const record: Middleware = <Req, Res>(next: Endpoint<Req, Res>) =>
    tap<Req, Res, Growing>(next, {
      onStart: (ctx, request) => {
        const call: Growing = { method: ctx.method.fullName, ctx, request, messages: [], outcome: undefined }
        calls.push(call)
        return call
      },
      onMessage: (call, message) => void call.messages.push(message),
      onEnd: (call, outcome) => {
        call.outcome = outcome
      },
    })
  return Object.assign(record, { calls })
}

/** A middleware that remembers how large the messages were of the calls which go through it. */
export interface SizeRecorder extends Middleware {
  /** In bytes, in the order in which the wire told of them. */
  readonly received: readonly number[]
  /** As `received`. */
  readonly sent: readonly number[]
}

/** Makes a middleware that records sizes, of a server or in the `use` of a client, and changes nothing. */
export function recordSizes(): SizeRecorder {
  const received: number[] = []
  const sent: number[] = []
  const watcher = {
    received: (bytes: number) => void received.push(bytes),
    sent: (bytes: number) => void sent.push(bytes),
  }
  const record: Middleware = (next) => (request, ctx) => next(request, watchSizes(ctx, watcher))
  return Object.assign(record, { received, sent })
}
