// What a program may hang on to calls at the edge of a wire: events of a server, and hooks of the single-endpoint doors.

import type { Code } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import type { Inbound, Reply } from '../core/inbound.ts'
import type { Metadata } from '../core/metadata.ts'
import type { MethodInfo } from '../core/method.ts'

/** Where a call was when it failed: while its request was received and read, in its endpoint, or after that had answered. */
export type CallStage = 'request' | 'method' | 'reply'

/** A call that failed. */
export interface CallFailed {
  /** The context of the call, which has ended: its values can be read. */
  readonly ctx: Context
  readonly method: MethodInfo
  /** Middleware sees only what fails in `method`. */
  readonly stage: CallStage
  /** What the caller is told. */
  readonly error: ServiceError
  /** What was thrown: messages and causes that must not cross the wire. */
  readonly thrown: unknown
}

/** A reply that nobody waits for any more. */
export interface LateReply {
  readonly method: MethodInfo
}

/** What a server tells of its calls. */
export interface ServerEvents {
  /** A call failed. @default prints what was thrown for `internal`, `unknown` and `data_loss` with `console.error` */
  readonly onError?: ((event: CallFailed) => void) | undefined
  /** A handler answered after the deadline, or after the caller had gone; its reply was dropped. */
  readonly onLateReply?: ((event: LateReply) => void) | undefined
}

/** How one call ended. */
export interface CallEnd {
  readonly ctx: Context
  readonly code: Code | 'ok'
  readonly error: ServiceError | undefined
  /** From the moment that the call was accepted, or made. */
  readonly tookMs: number
}

/** What runs around each call of a single served endpoint. */
export interface ServerHooks {
  /** In order, before the request is decoded; each may bind values for what follows. */
  readonly before?: readonly ((ctx: Context, call: Inbound) => Context)[] | undefined
  /** In order, after a good response and before anything of the reply is sent. */
  readonly after?: readonly ((ctx: Context, reply: Reply) => void)[] | undefined
  /** Once for each call, however it ended. */
  readonly finally?: readonly ((event: CallEnd) => void)[] | undefined
}

/** A call that is about to be made. */
export interface Outgoing {
  /** Sets one header, replacing the one of that name. Throws a TypeError when it could not cross a wire. */
  setHeader(name: string, value: string): void
}

/** What runs around each call that a single-endpoint client makes. */
export interface ClientHooks {
  /** In order, before the request is encoded; each may bind values, of scope `wire` to send them. */
  readonly before?: readonly ((ctx: Context, call: Outgoing) => Context)[] | undefined
  /** In order, when the headers of the reply are there (those of an error too) and before it is decoded. */
  readonly after?: readonly ((ctx: Context, headers: Metadata) => void)[] | undefined
  /** Once for each call, however it ended. */
  readonly finally?: readonly ((event: CallEnd) => void)[] | undefined
}

const faults: readonly string[] = ['internal', 'unknown', 'data_loss'] satisfies Code[]

/** The default of `onError`: a fault that nobody listens for must not be silent. */
export function printFault({ method, error, thrown }: CallFailed): void {
  if (!faults.includes(error.code)) return
  const text = `servicekit: ${method.fullName} failed with ${error.code}:`
  try {
    console.error(text, thrown)
  } catch {
    console.error(text, 'something that cannot be printed')
  }
}
