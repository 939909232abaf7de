// The calling end of the in-memory wire.
import type { CallOptions } from '../../core/call-options.ts'
import { type Client, clientOf } from '../../core/client.ts'
import type { Context } from '../../core/context.ts'
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { MethodInfo } from '../../core/method.ts'
import type { ClientOptions } from '../../core/open-call.ts'
import { type SingleMethodOptions, singleMethod } from '../../core/single-method.ts'
import { type SingleCallOptions, singleCall } from '../single.ts'
import { MemoryCall, type MemoryPort } from './memory-call.ts'

/** Which server a client calls, and how. */
export interface MemoryClientOptions extends ClientOptions {
  /** The server that is called, as `listen` gave it. */
  readonly server: MemoryPort
  /** What the server sees as the caller's address. @default memory */
  readonly peer?: string | undefined
}

/** A client of a server in the same process. */
export function memoryClient<M extends Methods>(
  contract: Contract<M>,
  options: MemoryClientOptions,
): Client<Contract<M>> {
  const { server, peer = 'memory' } = options
  checkServer(server)
  return clientOf(contract, { ...options, connect: (method) => memorySender(server, peer, method) })
}

/** An endpoint that calls one method of a server without a contract. It settles as the calls of a client do. */
export function memoryCall<Req, Res>(
  options: MemoryClientOptions & SingleMethodOptions & SingleCallOptions<Req, Res>,
): (request: Req, given?: Context | CallOptions) => Promise<Res> {
  const { server, peer = 'memory' } = options
  checkServer(server)
  const info = singleMethod(options)
  return singleCall(info, memorySender(server, peer, info), options)
}

function checkServer(server: MemoryPort): void {
  if (typeof server?.accept === 'function') return
  throw new TypeError('server must be what `await memoryServer(…).listen()` gives')
}

/** Sends the requests of one method and gives the responses, not yet validated. */
function memorySender(server: MemoryPort, peer: string, method: MethodInfo): Endpoint<unknown, unknown> {
  return (request, ctx) =>
    new Promise((resolve, reject) => {
      new MemoryCall(server, peer, method, request, ctx, resolve, reject)
    })
}
