// What stands before an agent in tests: it can be away, late or senseless, and it counts who comes.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Clock } from '../../src/core/clock.ts'

/** A request to an agent. */
export interface AgentRequest {
  readonly method: string
  /** With the query, as it came. */
  readonly path: string
  readonly body: string
  /** Those of them that matter to who is behind. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Aborts when whoever asked has gone. */
  readonly signal: AbortSignal
}

/** What an agent says. */
export interface AgentReply {
  readonly status: number
  readonly body: string
  /** What follows on that, as it comes. @default nothing */
  readonly more?: AsyncIterable<string> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What is behind the front. It may reject when the signal aborts. */
export type Backend = (request: AgentRequest) => Promise<AgentReply>

/** Passes requests on. Its URL stays the same while it is away. */
export class AgentFront implements AsyncDisposable {
  readonly sockets = new Set<Socket>()
  /** How many are waiting for an answer. */
  requests = 0
  /** The paths of all requests. */
  readonly #came: string[] = []
  readonly #backend: Backend
  readonly #clock: Clock
  #server: Server
  #port = 0
  #delayMs = 0
  #isGarbled = false
  #garble = Promise.withResolvers<void>()

  private constructor(backend: Backend, clock: Clock) {
    this.#backend = backend
    this.#clock = clock
    this.#server = this.#listener()
  }

  static async open(backend: Backend, clock: Clock): Promise<AgentFront> {
    const front = new AgentFront(backend, clock)
    await front.start()
    return front
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** How many requests came whose path begins like this. */
  came(beginning: string): number {
    return this.#came.filter((path) => path.startsWith(beginning)).length
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
    this.#server = this.#listener()
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async delay(ms: number): Promise<void> {
    this.#delayMs = ms
  }

  /** Those who wait are answered at once. */
  async garble(isGarbled: boolean): Promise<void> {
    this.#isGarbled = isGarbled
    if (isGarbled) this.#garble.resolve()
    else this.#garble = Promise.withResolvers<void>()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop()
  }

  #listener(): Server {
    const server = createServer((request, response) => void this.#pass(request, response))
    return server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  /** Undefined where it makes none. */
  async #sensible<T>(answer: Promise<T>): Promise<T | undefined> {
    const given = await Promise.race([answer, this.#garble.promise])
    return this.#isGarbled ? undefined : (given as T | undefined)
  }

  async #delay(): Promise<void> {
    if (this.#delayMs > 0)
      await new Promise<void>((over) => this.#clock.schedule(this.#delayMs, over, { background: true }))
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request
    const gone = new AbortController()
    this.requests++
    response.once('close', () => {
      this.requests--
      gone.abort()
    })
    this.#came.push(path)
    try {
      const headers = headersFor(request)
      const asked = { method, path, headers, body: await text(request), signal: gone.signal }
      const reply = await this.#sensible(this.#backend(asked))
      await this.#delay()
      if (reply === undefined || this.#isGarbled) return void response.end('<html>')
      response.writeHead(reply.status, reply.headers)
      if (reply.more === undefined) return void response.end(reply.body)
      response.flushHeaders()
      if (reply.body !== '') response.write(reply.body)
      const chunks = reply.more[Symbol.asyncIterator]()
      // What comes with the head is late already.
      for (let isLate = false; ; isLate = true) {
        const chunk = await this.#sensible(chunks.next())
        if (chunk === undefined) return void response.end('<html>\n')
        if (chunk.done === true) break
        if (isLate) await this.#delay()
        response.write(chunk.value)
      }
      response.end()
    } catch {
      response.destroy()
    }
  }
}

const passedOn = ['authorization', 'grpc-metadata-hasleader']

function headersFor({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => (headers[name] === undefined ? [] : [[name, `${headers[name]}`]])),
  )
}

/** Passes requests on to a server whose replies come bit by bit. */
export function streamsAt(url: string): Backend {
  return async ({ method, path, body, headers, signal }) => {
    const reply = await fetch(url + path, {
      method,
      signal,
      ...(headers === undefined ? {} : { headers }),
      ...(body === '' ? {} : { body }),
    })
    return { status: reply.status, body: '', more: textIn(reply) }
  }
}

/** Holds the reply until it is read: the body of one that nobody holds is cancelled with it. */
async function* textIn(reply: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of reply.body ?? []) yield decoder.decode(chunk, { stream: true })
}

/** Passes requests on to an agent that is one. */
export function agentAt(url: string): Backend {
  return async ({ method, path, body, signal }) => {
    const reply = await fetch(url + path, { method, signal, ...(body === '' ? {} : { body }) })
    const index = reply.headers.get('x-consul-index')
    return {
      status: reply.status,
      body: await reply.text(),
      headers: index === null ? {} : { 'x-consul-index': index },
    }
  }
}
