// The requests to one service over HTTP, like a registry: its servers, its token, its limits, and what its refusals mean.
import type { Context } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { ServiceError } from '../core/errors.ts'
import { httpRefusal, shownBytes } from './http-refusal.ts'
import { type CheckedHttpService, checkToken } from './http-service-options.ts'
import { LimitedContext } from './limited-context.ts'
import { type Reply, Requester, type RequestOptions, type StreamedReply } from './requester.ts'

/** One request. */
export interface HttpServiceRequest {
  /** @default GET */
  readonly method?: string | undefined
  /** Besides the token. @default { accept: 'application/json' } */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Text and bytes are sent as they are, all else as JSON. @default none */
  readonly body?: unknown
  /** Calls it off. */
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds; for `open`: until the head of the reply is here. @default Infinity */
  readonly limitMs?: number | undefined
  /** The largest reply that is taken, in bytes. @default 4_194_304 for `ask`, Infinity for `open` */
  readonly maxReplyBytes?: number | undefined
  /** Whether the process may end while this is under way. @default false */
  readonly background?: boolean | undefined
  /** One that is in the body: it is never told. @default none */
  readonly password?: string | undefined
  /** Whether it may be done twice: then it goes on to the next server also where one may have heard it. @default false */
  readonly idempotent?: boolean | undefined
}

/**
 * Keeps connections until it is closed; those that are idle do not hold the process. With several servers one is asked until it fails, or a request to it is
 * called off: a request that none has heard goes on to the next at once, each is tried once; what one may have heard fails, and the next request goes to the next.
 */
export class HttpService implements AsyncDisposable {
  readonly #checked: CheckedHttpService
  readonly #requester: Requester

  constructor(checked: CheckedHttpService) {
    this.#checked = checked
    this.#requester = new Requester({ tls: checked.tls, clock: checked.clock })
  }

  /** Resolves with a whole reply of status 2xx; `path` is percent-encoded. Rejects with a ServiceError for any other, and never tells the token. */
  async ask(path: string, request: HttpServiceRequest): Promise<Reply> {
    using limited = this.#limited(request)
    const { ctx } = limited
    const token = await this.#token(ctx)
    return await this.#atOneOf(request, ctx, async (url) => {
      const reply = await this.#requester.request(url + path, this.#options(request, ctx, token))
      if (isSuccess(reply.status)) return reply
      const refusal = this.#refusal(url, reply.status, reply.body, token, request.password)
      refused.set(refusal, reply)
      throw refusal
    })
  }

  /** As `ask`, and resolves as soon as the head of the reply is here. Its body is read as it is iterated, which must be done: leaving the loop ends the exchange. */
  async open(path: string, request: HttpServiceRequest): Promise<StreamedReply> {
    const limited = this.#limited(request)
    try {
      const { ctx } = limited
      const token = await this.#token(ctx)
      return await this.#atOneOf(request, ctx, async (url, at) => {
        const { status, headers, body } = await this.#requester.open(url + path, this.#options(request, ctx, token))
        if (!isSuccess(status)) throw this.#refusal(url, status, await beginningOf(body), token, request.password)
        limited.unlimit()
        return { status, headers, body: this.#whileRead(body, limited, at) }
      })
    } catch (thrown) {
      limited[Symbol.dispose]()
      throw thrown
    }
  }

  /** Goes on to the next server with the next request: for a reader who learns from what a server says that it does not do. */
  goOn(): void {
    this.#goOnFrom(this.#checked.turn.at)
  }

  /** Ends all requests; resolves when no socket is left. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#requester.close()
  }

  #limited({ signal, limitMs = Infinity }: HttpServiceRequest): LimitedContext {
    const { name, clock } = this.#checked
    const late = () => new ServiceError('deadline_exceeded', `${name} did not answer within ${formatDuration(limitMs)}`)
    return new LimitedContext({ clock, signal, limitMs, late })
  }

  #options(request: HttpServiceRequest, ctx: Context, token: string | undefined): RequestOptions {
    const { method, headers = { accept: 'application/json' }, body, maxReplyBytes, background } = request
    const isSentAsItIs = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    return {
      method,
      headers: { ...headers, ...(token ? this.#checked.authorization(token) : {}) },
      body: isSentAsItIs ? body : JSON.stringify(body),
      ctx,
      maxReplyBytes,
      background,
    }
  }

  async #atOneOf<R>(
    { idempotent = false }: HttpServiceRequest,
    ctx: Context,
    send: (url: string, at: number) => Promise<R>,
  ): Promise<R> {
    const { urls, turn } = this.#checked
    for (let others = urls.length - 1; ; others--) {
      const { at } = turn
      try {
        return await send(urls[at] as string, at)
      } catch (thrown) {
        // One that did not answer until it was called off may be one that hangs.
        if (!ctx.aborted && !isOfServer(thrown)) throw thrown
        this.#goOnFrom(at)
        const mayGoOn = idempotent || (thrown as ServiceError).retry === 'safe'
        if (ctx.aborted || others === 0 || !mayGoOn) throw thrown
      }
    }
  }

  /** Another request may have gone on already. */
  #goOnFrom(at: number): void {
    const { urls, turn } = this.#checked
    if (turn.at === at) turn.at = (at + 1) % urls.length
  }

  #refusal(url: string, status: number, body: Uint8Array, token?: string, password?: string): ServiceError {
    const { kind, refusal } = this.#checked
    return httpRefusal(`${kind} at ${url}`, status, body, token, refusal, password)
  }

  async *#whileRead(
    body: AsyncIterable<Uint8Array>,
    limited: LimitedContext,
    at: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    using _ = limited
    try {
      yield* body
    } catch (thrown) {
      if (isOfServer(thrown)) this.#goOnFrom(at)
      throw thrown
    }
  }

  /** What gives the token may hang. */
  async #token(ctx: Context): Promise<string | undefined> {
    const given = this.#checked.token()
    if (typeof given !== 'object') return given === undefined ? undefined : checkToken(given)
    const over = Promise.withResolvers<never>()
    using _ = ctx.onAbort((cause) => over.reject(ServiceError.fromAbort(cause)))
    return checkToken(await Promise.race([given, over.promise]))
  }
}

const refused = new WeakMap<object, Reply>()

/** The reply that `ask` rejected with this error for, to those who know what their service says in it; undefined where there was none. */
export function refusedReply(error: unknown): Reply | undefined {
  return typeof error === 'object' && error !== null ? refused.get(error) : undefined
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** Whether another server may do better. */
function isOfServer(thrown: unknown): thrown is ServiceError {
  return thrown instanceof ServiceError && ['unavailable', 'deadline_exceeded', 'internal'].includes(thrown.code)
}

/** As much of a refusal as is shown. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= shownBytes) break
  }
  return Buffer.concat(chunks)
}
