// What an HTTP server does with each exchange, whatever runtime it comes from: find the route, refuse what must not be read, serve.
import { ServiceError } from '../../core/errors.ts'
import { sendsStream } from '../../core/method.ts'
import { checkNumber } from '../../primitives/check.ts'
import { jsonCodec } from '../codec.ts'
import { Dispatcher, type DispatchOptions, type DispatchStats, type Mounted } from '../dispatch.ts'
import type { Exchange, HeaderList } from './exchange.ts'
import { HttpCall, type HttpSettings, sendProblem } from './http-call.ts'
import type { HttpTarget, RawEndpoint } from './http-target.ts'
import { InputJoiner, type Parameters } from './input.ts'
import { problemOf } from './problem.ts'
import { type RoutePath, Router } from './router.ts'
import { splitTarget, type Target } from './target.ts'

/** What an HTTP server may be told, whatever its runtime. */
export interface HttpServiceOptions extends DispatchOptions {
  /** The largest body of a unary request, and the largest message of a stream, in bytes. @default 1_048_576 */
  readonly maxBodyBytes?: number | undefined
  /** How deep JSON may nest. @default 100 */
  readonly maxDepth?: number | undefined
  /** The longest path and query, in characters. @default 8_192 */
  readonly maxUrlChars?: number | undefined
  /** How long receiving the body of a unary request may take, in milliseconds. @default 30_000 */
  readonly requestTimeoutMs?: number | undefined
  /** Whether a body must say that it is JSON; a browser's cross-site request must in any case. @default false */
  readonly strictContentType?: boolean | undefined
  /** How long `close` waits for calls in flight, in milliseconds. @default 10_000 */
  readonly drainMs?: number | undefined
  /** After how long a silent stream of Server-Sent Events sends a comment, so that no proxy cuts it, in milliseconds. @default 15_000 */
  readonly heartbeatMs?: number | undefined
  /** Gives a message of a stream the id that `last-event-id` will name when a browser asks again. @default no ids */
  readonly eventId?: ((message: unknown) => string | undefined) | undefined
}

/** A method where an HTTP server finds it; what `mounted`, `httpEndpoint` and `httpHandler` give. */
export interface HttpMount extends Mounted {
  /** What an endpoint without a contract does by itself. @default nothing */
  readonly raw?: RawEndpoint | undefined
}

/** The methods of one server, and what stands before them. */
export class HttpService {
  readonly #router: Router<HttpTarget>
  readonly #settings: HttpSettings
  readonly maxUrlChars: number
  readonly maxBodyBytes: number
  readonly requestTimeoutMs: number
  readonly #strictContentType: boolean
  readonly drainMs: number

  /** Throws a TypeError or RangeError when an option is out of range, or when two methods have a name or a route in common. */
  constructor(mounts: readonly HttpMount[], options?: HttpServiceOptions) {
    const dispatcher = new Dispatcher(mounts, options)
    this.drainMs = checkNumber('drainMs', options?.drainMs ?? 10_000, { min: 0 })
    this.maxUrlChars = checkNumber('maxUrlChars', options?.maxUrlChars ?? 8_192, { min: 1, integer: true })
    this.#strictContentType = options?.strictContentType ?? false
    const whole = { min: 1, integer: true } as const
    this.maxBodyBytes = checkNumber('maxBodyBytes', options?.maxBodyBytes ?? 1_048_576, whole)
    this.requestTimeoutMs = checkNumber('requestTimeoutMs', options?.requestTimeoutMs ?? 30_000, { min: 1 })
    this.#settings = {
      dispatcher,
      codec: jsonCodec({ maxDepth: options?.maxDepth }),
      maxBodyBytes: this.maxBodyBytes,
      requestTimeoutMs: this.requestTimeoutMs,
      heartbeatMs: checkNumber('heartbeatMs', options?.heartbeatMs ?? 15_000, { min: 1 }),
      eventId: options?.eventId,
      leaving: false,
    }
    this.#router = new Router(mounts.flatMap(routesOf))
  }

  get stats(): DispatchStats {
    return this.#settings.dispatcher.stats
  }

  get dispatcher(): Dispatcher {
    return this.#settings.dispatcher
  }

  /** Whether each reply closes its connection. */
  get closes(): boolean {
    return this.#settings.leaving || this.dispatcher.draining
  }

  /** From now on each reply closes its connection. */
  leave(): void {
    this.#settings.leaving = true
  }

  /** Serves one exchange: answers it, now or later, whatever is in it. */
  accept(exchange: Exchange): void {
    try {
      this.#accept(exchange)
    } catch (thrown) {
      // What a stranger sent says of itself that it is wrong; anything else is a fault of ours, and not the caller's.
      this.refuse(exchange, undefined, ServiceError.from(thrown))
    }
  }

  /** Answers with an error of the protocol, before any method is found; the status is that of its code unless it has its own. `close` ends the connection behind it. */
  refuse(
    exchange: Exchange,
    status: number | undefined,
    error: ServiceError,
    close = false,
    headers?: HeaderList,
  ): void {
    this.dispatcher.countRefused()
    sendProblem(exchange, problemOf(error, status), undefined, close || this.closes, headers)
  }

  #accept(exchange: Exchange): void {
    const { target } = exchange
    if (target.length > this.maxUrlChars) {
      this.refuse(exchange, 414, bad(`the URL is longer than ${this.maxUrlChars} characters`), true)
      return
    }
    if (target === '*' && exchange.method === 'OPTIONS') {
      exchange.send(204, [], undefined, false)
      return
    }
    const asked = splitTarget(target)
    const found = this.#router.find(exchange.method, asked.path)
    if (found !== undefined && 'target' in found) this.#serve(exchange, found.target, found.parameters, asked)
    else if (found === undefined)
      this.refuse(exchange, 404, new ServiceError('unimplemented', 'nothing is at this path'))
    else if (exchange.method === 'OPTIONS') exchange.send(204, ['allow', found.join(', ')], undefined, false)
    else {
      const text = `this path does not take ${exchange.method}`
      this.refuse(exchange, 405, new ServiceError('unimplemented', text), false, ['allow', found.join(', ')])
    }
  }

  #serve(exchange: Exchange, target: HttpTarget, parameters: Parameters, asked: Target): void {
    if (target.mounted.info.kind === 'bidiStream') {
      const text = 'streams in both directions need another wire than HTTP/1.1: gRPC, NATS or WebSocket'
      this.refuse(exchange, 501, new ServiceError('unimplemented', text))
      return
    }
    // An endpoint that decodes by itself may take whatever it knows: forms, compressed bodies.
    const unfit = target.raw?.readsJson === false ? undefined : this.#unfit(exchange, target.body)
    if (unfit === undefined) new HttpCall(exchange, target, parameters, asked, this.#settings).begin()
    else this.refuse(exchange, 415, bad(unfit), false, unfit === coded ? ['accept-encoding', 'identity'] : [])
  }

  /** Why a request must not be served. What a browser may send to another site without asking it first must not get through. */
  #unfit({ method, headers }: Exchange, hasBody: boolean): string | undefined {
    const encoding = hasBody && headers.get('content-encoding')
    if (encoding && encoding.toLowerCase() !== 'identity') return coded
    if (!hasBody && method !== 'POST') return undefined
    const type = headers.get('content-type')
    // Asked first: nearly all say so, and need no further look.
    if (type && isJson(type)) return undefined
    if (hasBody && this.#strictContentType) return 'the content-type must be application/json'
    if (headers.get('sec-fetch-site') !== 'cross-site' && !headers.get('origin')) return undefined
    return 'a browser must send the content-type application/json'
  }
}

const coded = 'a body must be sent without content-encoding'

/** A JSON media type, with whatever parameters: application/json, application/problem+json, application/x-ndjson. */
function isJson(type: string): boolean {
  return type === 'application/json' || /^application\/(?:[\w.+-]*\+)?(?:x-nd)?json[ \t]*(?:;|$)/i.test(type)
}

function bad(text: string): ServiceError {
  return new ServiceError('invalid_argument', text)
}

function routesOf(mount: HttpMount): RoutePath<HttpTarget>[] {
  const { info, input, raw } = mount
  const declared = mount.routes ?? [{ method: 'POST', path: `/${info.name}` as const }]
  const joiner = new InputJoiner(input)
  return declared.map(({ method, path, status, body }) => {
    const hasBody = body ?? (sendsStream(info) || (method !== 'GET' && method !== 'DELETE'))
    const fault = raw === undefined && !sendsStream(info) ? joiner.faultOf(parametersOf(path), hasBody) : undefined
    if (fault !== undefined) throw new TypeError(`the route ${method} ${path} of ${info.fullName} ${fault}`)
    return { verb: method, path, target: { mounted: mount, status, body: hasBody, joiner, raw } }
  })
}

function parametersOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment.startsWith(':'))
  return segments.map((segment) => segment.slice(1))
}
