// The round trips to etcd through its JSON gateway, each with a token where etcd wants one, which is fetched anew when etcd does not take it any more.
import type { Code } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import { HttpService, type HttpServiceRequest } from '../../platform/http-service.ts'
import { readLines } from '../../platform/line-reader.ts'
import type { CheckedEtcd } from './connection.ts'
import type { WatchReply } from './key-value.ts'
import { reasonOf, refusalIn } from './refusal.ts'

/** How a request is made. */
export interface GatewayRequest {
  /** Calls it off. */
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds; for `watch`: until it begins. @default Infinity */
  readonly limitMs?: number | undefined
  /** The largest reply that is taken, in bytes. @default 4_194_304 */
  readonly maxReplyBytes?: number | undefined
}

// etcd cuts what is larger than its largest request, 1.5 MiB by default, into fragments; base64 and names make that half as much again.
const mostLineBytes = 16 * 1024 * 1024
const headers = { 'content-type': 'application/json', accept: 'application/json' }
// A watch on a member that has lost its cluster would be silent: with this it ends ("etcdserver: no leader").
const leaderHeaders = { ...headers, 'grpc-metadata-hasleader': 'true' }
const never = new AbortController().signal
const authenticateLimitMs = 5_000

/** One client of one cluster. Whatever it is told to do may be done twice, so each request is tried with every member. */
export class EtcdGateway implements AsyncDisposable {
  readonly #checked: CheckedEtcd
  readonly #http: HttpService
  /** Has no token. */
  readonly #stranger: HttpService

  constructor(checked: CheckedEtcd) {
    const { service, credentials } = checked
    this.#checked = checked
    this.#stranger = new HttpService(service)
    const token = () => credentials?.token((name, password) => this.#authenticate(name, password))
    this.#http = credentials === undefined ? this.#stranger : new HttpService({ ...service, token })
  }

  /** Resolves with the reply to a request that has one. Rejects with a ServiceError. */
  async ask<Reply extends object>(path: string, body: object, request: GatewayRequest): Promise<Reply> {
    const send = () => this.#http.ask(path, { ...asPost(body), ...request, headers })
    return this.#read<Reply>((await this.#withToken(send)).body)
  }

  /** Gives the messages of a watch as they come, the last of which may say what was compacted; leaving the loop ends it. Fails with a ServiceError. */
  async *watch(body: object, request: GatewayRequest): AsyncGenerator<WatchReply, void, undefined> {
    // That a token is not taken is said by the first message.
    const begin = async () => {
      const replies = this.#replies(body, request)
      return { first: await replies.next(), replies }
    }
    const { first, replies } = await this.#withToken(begin)
    if (first.done === true) return
    try {
      yield first.value
      yield* replies
    } finally {
      await replies.return()
    }
  }

  /** Ends all requests; resolves when no socket is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#http, this.#stranger].map((each) => each[Symbol.asyncDispose]()))
  }

  async *#replies(body: object, request: GatewayRequest): AsyncGenerator<WatchReply, void, undefined> {
    const asked = { ...asPost(body), ...request, headers: leaderHeaders, background: true }
    const opened = await this.#http.open('/v3/watch', asked)
    for await (const line of readLines(opened.body, mostLineBytes)) {
      const reply = this.#read<WatchReply>(line)
      if (reply.canceled === true && reply.compact_revision === undefined)
        throw this.#refused(reasonOf(reply.cancel_reason ?? 'it was canceled'))
      yield reply
    }
  }

  /** Once more, and at once, with a token of now. */
  async #withToken<Reply>(send: () => Promise<Reply>): Promise<Reply> {
    const { credentials } = this.#checked
    const issue = credentials?.issue
    try {
      return await send()
    } catch (thrown) {
      if (issue === undefined || !(thrown instanceof ServiceError && thrown.code === 'unauthenticated')) throw thrown
      credentials?.refuse(issue)
      return await send()
    }
  }

  async #authenticate(name: string, password: string): Promise<string> {
    const asked = { ...asPost({ name, password }), password }
    const request = { ...asked, headers, signal: never, limitMs: authenticateLimitMs }
    const reply = await this.#stranger.ask('/v3/auth/authenticate', request)
    return this.#read<{ readonly token?: string }>(reply.body).token ?? ''
  }

  /** A message, or the one in the result of a stream. */
  #read<Reply extends object>(body: Uint8Array): Reply {
    const said = parsed(body)
    const refusal = refusalIn(said)
    if (refusal !== undefined) {
      // Said in a stream that had begun well: its member has lost its cluster, say.
      this.#http.goOn()
      throw this.#refused(refusal)
    }
    const reply = (said as { readonly result?: unknown } | null | undefined)?.result ?? said
    const isReply = typeof reply === 'object' && reply !== null && 'header' in reply
    if (!isReply) throw this.#refused({ code: 'internal', text: 'the reply makes no sense: is this the URL of etcd?' })
    // Its members are all looked at as if they could be missing.
    return reply as Reply
  }

  #refused({ code, text }: { readonly code: Code; readonly text: string }): ServiceError {
    return new ServiceError(code, `${this.#checked.service.name}: ${text}`)
  }
}

function asPost(body: object): Pick<HttpServiceRequest, 'method' | 'body' | 'idempotent'> {
  return { method: 'POST', body, idempotent: true }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}
