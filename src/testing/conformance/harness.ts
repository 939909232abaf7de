// What a transport hands to its conformance suite: how to serve, how to call, and how time passes.
import assert from 'node:assert/strict'
import type { Client } from '../../core/client.ts'
import type { Clock } from '../../core/clock.ts'
import { type Context, rootContext } from '../../core/context.ts'
import type { Handlers } from '../../core/contract.ts'
import type { Middleware } from '../../core/endpoint.ts'
import { type Endpoints, endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import type { ClientOptions } from '../../core/open-call.ts'
import type { ServerEvents } from '../../transport/hooks.ts'
import { type Conformance, conformance, quietHandlers } from './conformance.ts'

/** One property that every transport has. */
export interface Case {
  /** The property, as a fact. */
  readonly name: string
  /** Rejects when the transport does not have it. */
  run(harness: TransportHarness): Promise<void>
}

/** What a server of the suite is started with. */
export interface ConformanceServerOptions extends ServerEvents {
  readonly clock: Clock
  /** How long closing waits for open calls, in milliseconds. */
  readonly drainMs: number
}

/** A running server of the transport under test. */
export interface ConformanceServer {
  /** Makes a client of it; each has its own connections. */
  client(options: ClientOptions): Client<Conformance>
  /** Closes as a program would: drains for `drainMs`, then cuts off. */
  close(): Promise<void>
  /** How many calls are being served. */
  inFlight(): number
}

/** What an adapter of a transport hands in. */
export interface TransportHarness {
  /** The clock of both ends. With a manual clock the whole suite runs on virtual time. */
  readonly clock: Clock
  /** Lets time pass: advances a manual clock, or sleeps. */
  pass(ms: number): Promise<void>
  serve(served: Endpoints<Conformance>, options: ConformanceServerOptions): Promise<ConformanceServer>
  /** What this wire cannot do; its cases then assert that it says so with `unimplemented`. @default nothing */
  readonly without?: readonly 'bidiStream'[] | undefined
  /** Whether messages are bytes on this wire, whose sizes both ends tell; its cases else assert that neither tells any. @default false */
  readonly tellsSizes?: boolean | undefined
}

/** A server, a client and a context, closed at the end of the block. */
export interface Setup extends AsyncDisposable {
  readonly server: ConformanceServer
  readonly client: Client<Conformance>
  readonly ctx: Context
}

/** How a case wants to be set up. */
export interface SetupOptions extends ServerEvents {
  readonly drainMs?: number | undefined
  readonly client?: ClientOptions | undefined
  /** Around every handler. */
  readonly use?: readonly Middleware[] | undefined
}

/** Serves the contract with the given handlers in place of the usual ones. */
export async function setUp(
  harness: TransportHarness,
  handlers: Partial<Handlers<Conformance>> = {},
  { drainMs = 1_000, client: clientOptions, use, ...events }: SetupOptions = {},
): Promise<Setup> {
  const { clock } = harness
  const served = endpoints(conformance, { ...quietHandlers, ...handlers }, { use })
  const server = await harness.serve(served, { clock, drainMs, onError: () => {}, ...events })
  const client = server.client({ clock, ...clientOptions })
  return {
    server,
    client,
    ctx: rootContext({ clock }),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      const closing = server.close()
      await harness.pass(drainMs + 10)
      await closing
    },
  }
}

/** Asserts that a call fails with a code, and gives the error. */
export function failure(call: Promise<unknown>, code: string): Promise<ServiceError> {
  const failed = call.then(
    () => {
      throw new assert.AssertionError({ message: `the call should fail with ${code}, but it succeeded` })
    },
    (thrown: unknown) => {
      assert.ok(thrown instanceof ServiceError, `a ServiceError, but ${String(thrown)} was thrown`)
      assert.equal(thrown.code, code, thrown.message)
      return thrown
    },
  )
  // A case that fails before it comes to wait for this one fails for the first reason alone.
  failed.catch(() => {})
  return failed
}

/** Lets time pass in small steps until the check holds. */
export async function passUntil(harness: TransportHarness, check: () => boolean, what: string): Promise<void> {
  for (let step = 0; step < 200; step++) {
    if (check()) return
    await harness.pass(10)
  }
  throw new assert.AssertionError({ message: `did not happen within 2 s: ${what}` })
}

/** Reads a stream to its end. */
export async function readAll<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = []
  for await (const message of stream) messages.push(message)
  return messages
}

/** A stream of the given messages, which tells when it was closed before its end. */
export async function* streamOf<T>(messages: Iterable<T>, onClosed?: () => void): AsyncGenerator<T, void, undefined> {
  let ended = false
  try {
    yield* messages
    ended = true
  } finally {
    if (!ended) onClosed?.()
  }
}

/** Resolves when the context is aborted, with the cause. */
export function aborted(ctx: Context): Promise<unknown> {
  return new Promise((resolve) => {
    ctx.onAbort(resolve)
  })
}
