// The service that hostile bytes are sent to, and the proof that they did no harm.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { clientStream, contract, endpoints, type Handlers, serverStream, unary } from 'servicekit'
import { z } from 'zod'
import { type HttpServer, type HttpServerOptions, httpServer } from '../../../src/transport/http/server.ts'
import { type Bytes, latin1, type Pace, paces, RawHttp, type RawReply } from './raw-http.ts'

/** A request with whatever headers, the length of its body among them. */
export function request(line: string, body: Bytes = '', headers: readonly string[] = [jsonHeader]): string {
  const text = typeof body === 'string' ? body : latin1(body)
  const length = text === '' && !line.startsWith('POST') ? [] : [`content-length: ${text.length}`]
  return [`${line} HTTP/1.1`, 'host: victim', ...headers, ...length, '', text].join('\r\n')
}

export const jsonHeader = 'content-type: application/json'
/** The body of a good request, and its reply. */
export const goodBody = '{"a":1,"b":2}'
export const goodRequest = request('POST /sum', goodBody)
const goodReply = '{"total":3}\n'

/** The service that is attacked. */
export const target = contract('target', {
  sum: unary({
    input: z.object({ a: z.number().max(1_000), b: z.number() }),
    output: z.object({ total: z.number() }),
  }),
  echo: unary.of<unknown, unknown>(),
  list: unary({ input: z.array(z.number()), output: z.number() }),
  car: unary({
    input: z.object({ id: z.string(), doors: z.number().int().max(5).optional() }),
    output: z.object({ id: z.string(), doors: z.number() }),
    http: { method: 'GET', path: '/cars/:id' },
  }),
  reset: unary.of<unknown, null>({ http: { method: 'POST', path: '/reset', body: false } }),
  count: serverStream({
    input: z.object({ to: z.number() }),
    output: z.object({ n: z.number() }),
    http: { method: 'GET', path: '/count/:to' },
  }),
  add: clientStream({ input: z.number(), output: z.number() }),
})

const handlers: Handlers<typeof target> = {
  sum: ({ a, b }) => ({ total: a + b }),
  echo: (message) => message ?? null,
  list: (numbers) => numbers.length,
  car: ({ id, doors = 3 }) => ({ id, doors }),
  reset: () => null,
  async *count({ to }) {
    for (let n = 1; n <= to; n++) yield { n }
  },
  async add(numbers) {
    let sum = 0
    for await (const number of numbers) sum += number
    return sum
  },
}

/** A server and the calls that reached its handlers. */
export class Victim implements AsyncDisposable {
  readonly server: HttpServer
  readonly calls: string[]
  readonly #open: RawHttp[] = []

  constructor(server: HttpServer, calls: string[]) {
    this.server = server
    this.calls = calls
  }

  /** Some of the handlers may be others. What they fail with is not printed. */
  static async start(options?: HttpServerOptions, own: Partial<Handlers<typeof target>> = {}): Promise<Victim> {
    const calls: string[] = []
    const counted = Object.entries({ ...handlers, ...own }).map(([name, handler]) => {
      const run = handler as (request: unknown, ctx: unknown) => unknown
      const count = (message: unknown, ctx: unknown) => {
        calls.push(name)
        return run(message, ctx)
      }
      return [name, count] as const
    })
    const served = endpoints(target, Object.fromEntries(counted) as unknown as Handlers<typeof target>)
    const listener = httpServer(target, served, { drainMs: 50, onError: () => {}, ...options })
    return new Victim(await listener.listen({ host: '127.0.0.1' }), calls)
  }

  async connect(): Promise<RawHttp> {
    const socket = connect({ port: this.server.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const http = new RawHttp(socket)
    this.#open.push(http)
    await once(socket, 'connect')
    return http
  }

  /** Begins a new test, whatever became of the one before. */
  forget(): void {
    this.calls.length = 0
  }

  /** Proves that strangers are served as ever, and that the given calls and no others have reached a handler before. */
  async isWell(...calls: readonly string[]): Promise<void> {
    const http = await this.connect()
    void http.write(goodRequest)
    const { status, body } = await http.reply()
    assert.deepEqual({ status, body }, { status: 200, body: goodReply })
    assert.deepEqual(this.calls, [...calls, 'sum'])
    this.calls.length = 0
    assert.deepEqual(Reflect.ownKeys(Object.prototype), pristine)
  }

  /** Sends bytes on a connection of their own: they are answered with a problem, once, reach no handler and harm nobody. */
  async refuses(data: Bytes, refusal: Refusal): Promise<RawReply> {
    const { status, code = 'invalid_argument', closes = false, pace = 'in one piece' } = refusal
    const http = await this.connect()
    await paces[pace](http, data)
    await http.until(() => http.replies.length > 0 || http.over, 'a reply')
    const reply = http.replies[0] ?? assert.fail('closed without a word')
    assert.ok([status].flat().includes(reply.status), `it is ${reply.status}: ${reply.body}`)
    isProblem(reply, code)
    if (closes) assert.equal(reply.headers.get('connection'), 'close')
    if (closes) await http.closed()
    assert.equal(http.replies.length, 1)
    await this.isWell()
    return reply
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const http of this.#open) await http[Symbol.asyncDispose]()
    await this.server.close()
  }
}

interface Refusal {
  readonly status: number | readonly number[]
  /** @default 'invalid_argument' */
  readonly code?: string
  /** Whether the server closes the connection. @default false */
  readonly closes?: boolean
  readonly pace?: Pace
}

const pristine = Reflect.ownKeys(Object.prototype)

const members = ['type', 'title', 'status', 'detail', 'code', 'retry', 'retryAfterMs', 'details']
// Stacks, paths, classes of errors, and what the parsers of JSON, HTTP and URLs say.
const internal =
  /\bat \S+ ?\(|node:|file:|\/(?:src|work|home|node_modules)\b|\.[jt]s\b|[A-Z]\w*Error\b|HPE_|ERR_|ECONN|EPIPE|Unexpected |position \d|JSON\.|in JSON|malformed|encoded data|Parse |stack/

/** Proves that a reply is a problem document with this code, and that it tells nothing of the inside. Gives the document. */
export function isProblem(reply: RawReply, code: string): { readonly detail: string; readonly details?: unknown } {
  assert.equal(reply.headers.get('content-type'), 'application/problem+json')
  const problem = JSON.parse(reply.body)
  assert.deepEqual([problem.code, problem.title, problem.status], [code, code, reply.status])
  assert.deepEqual(
    Object.keys(problem).filter((name) => !members.includes(name)),
    [],
  )
  assert.doesNotMatch(reply.body, internal)
  for (const name of ['server', 'x-powered-by']) assert.equal(reply.headers.has(name), false)
  return problem
}
