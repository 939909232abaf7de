// The requests to one Consul agent: its URL, its token, and what its refusals mean.
import { type Clock, systemClock } from '../../core/clock.ts'
import type { Code } from '../../core/codes.ts'
import { rootContext } from '../../core/context.ts'
import { formatDuration } from '../../core/duration.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Reply, Requester } from '../../platform/requester.ts'
import { checkTls, type RequesterTls } from '../../platform/requester-options.ts'

export type { RequesterTls } from '../../platform/requester-options.ts'

/** Which agent is asked, and as whom. */
export interface ConsulConnectionOptions {
  /** Where the agent listens, with a path where it is behind a proxy. The environment is not read. @default http://127.0.0.1:8500 */
  readonly url?: string | undefined
  /**
   * The ACL token, or what gives the current one; asked before each request. To look up it needs `service:read` and `node:read`, to register
   * `service:write`. Without any token a Consul with ACLs may say that there is nothing, rather than that it may not tell. @default none
   */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** For a URL with `https:`. @default what the runtime trusts */
  readonly tls?: RequesterTls | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** One request to the agent. */
export interface ConsulRequest {
  /** @default GET */
  readonly method?: 'GET' | 'PUT' | undefined
  /** Sent as JSON. @default none */
  readonly body?: unknown
  /** Calls it off. */
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds. @default Infinity */
  readonly limitMs?: number | undefined
  /** The largest reply that is taken, in bytes. @default 4_194_304 */
  readonly maxReplyBytes?: number | undefined
  /** Whether the process may end while this is under way. @default false */
  readonly background?: boolean | undefined
}

/** The form of a connection's options. */
export interface CheckedConnection {
  /** Without a slash at its end. */
  readonly url: string
  /** `consul at http://127.0.0.1:8500`. */
  readonly name: string
  readonly token: () => string | undefined | Promise<string>
  readonly tls: RequesterTls | undefined
  readonly clock: Clock
}

/** Throws a TypeError that names the option. */
export function checkedConnection(options: ConsulConnectionOptions): CheckedConnection {
  const { token, tls, clock = systemClock } = options
  const url = checkedUrl(options.url ?? 'http://127.0.0.1:8500')
  if (tls !== undefined) checkTls(tls)
  if (typeof token === 'string') checkToken(token)
  else if (token !== undefined && typeof token !== 'function') throw new TypeError('token must be a text or a function')
  return { url, name: `consul at ${url}`, token: typeof token === 'function' ? token : () => token, tls, clock }
}

/** Keeps connections until it is closed; those that are idle do not hold the process. */
export class ConsulConnection implements AsyncDisposable {
  readonly #checked: CheckedConnection
  readonly #requester: Requester

  constructor(checked: CheckedConnection) {
    this.#checked = checked
    this.#requester = new Requester({ tls: checked.tls, clock: checked.clock })
  }

  /** Resolves with a reply of status 200; `path` is percent-encoded. Rejects with a ServiceError for any other, and never tells the token. */
  async ask(path: string, request: ConsulRequest): Promise<Reply> {
    const { url, name, clock } = this.#checked
    const { method, body, signal, limitMs = Infinity, maxReplyBytes, background } = request
    using ctx = rootContext({ clock })
    const abort = () => ctx.cancel(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    const late = () => new ServiceError('deadline_exceeded', `${name} did not answer within ${formatDuration(limitMs)}`)
    // Not the deadline of the context: that would hold the process, and nobody may be waiting.
    const timer = clock.schedule(limitMs, () => ctx.cancel(late()), { background: true })
    try {
      const token = await this.#token(ctx)
      const headers = { accept: 'application/json', ...(token ? { 'x-consul-token': token } : {}) }
      const sent = body === undefined ? undefined : JSON.stringify(body)
      const options = { method, headers, body: sent, ctx, maxReplyBytes, background }
      const reply = await this.#requester.request(url + path, options)
      if (reply.status !== 200) throw refusal(name, reply, token)
      return reply
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  /** Ends all requests; resolves when no socket is left. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#requester.close()
  }

  /** What gives the token may hang. */
  async #token(ctx: { onAbort(listener: (cause: unknown) => void): Disposable }): Promise<string | undefined> {
    const given = this.#checked.token()
    if (typeof given !== 'object') return given === undefined ? undefined : checkToken(given)
    const over = Promise.withResolvers<never>()
    using _ = ctx.onAbort((cause) => over.reject(ServiceError.fromAbort(cause)))
    return checkToken(await Promise.race([given, over.promise]))
  }
}

const codes: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  429: 'resource_exhausted',
}
const shownCharacters = 200

/** Consul says in plain text what it does not like. */
function refusal(name: string, { status, body }: Reply, token: string | undefined): ServiceError {
  const whole = new TextDecoder().decode(body.subarray(0, 4_096)).replace(/\s+/g, ' ').trim()
  // Not all that answers is Consul: a proxy may send back what it was sent.
  const text = token ? whole.replaceAll(token, '(token)') : whole
  const said = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
  const hint = status === 401 || status === 403 ? ' (token)' : ''
  const code = codes[status] ?? (status >= 500 ? 'unavailable' : 'unknown')
  return new ServiceError(code, `${name} answered ${status}${said === '' ? '' : `: ${said}`}${hint}`)
}

function checkToken(token: unknown): string {
  // Without the value: it is a secret.
  if (typeof token !== 'string' || !/^[\x21-\x7e]*$/.test(token))
    throw new TypeError('token must be a text without spaces')
  return token
}

function checkedUrl(text: string): string {
  const url = typeof text === 'string' ? URL.parse(text) : null
  const isBase = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  if (!isBase) throw new TypeError(`url must be like http://host:port, but is ${JSON.stringify(text)}`)
  // It would be shown wherever the agent is named.
  if (url.username !== '' || url.password !== '') throw new TypeError('url must have no user and no password')
  return url.href.replace(/\/+$/, '')
}
