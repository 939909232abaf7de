// A Consul agent for tests that plays the other side by hand: each request waits until the test has answered it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { AsyncQueue } from '../../src/primitives/async-queue.ts'

/** A request that came. */
export class AskedOfAgent {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Resolves when it is answered, or its caller has gone. */
  readonly gone: Promise<unknown>
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, body: string, response: ServerResponse) {
    this.method = request.method ?? ''
    this.url = new URL(request.url ?? '', 'http://agent.test')
    this.headers = request.headers
    this.body = body
    this.gone = once(response, 'close')
    this.#response = response
  }

  /** The method and what is asked for, with what is asked of it, decoded. */
  get line(): string {
    return `${this.method} ${decodeURIComponent(this.url.pathname + this.url.search)}`
  }

  answer(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  /** Answers with a body that goes on. */
  begin(text: string): void {
    this.#response.writeHead(200).write(text)
  }

  /** Goes on with what was begun. */
  more(text: string): void {
    this.#response.write(text)
  }

  /** Ends what was begun. */
  end(): void {
    this.#response.end()
  }

  /** Breaks off what was begun. */
  cut(): void {
    this.#response.destroy()
  }

  /** As a query is answered. */
  answerAt(index: number, body: unknown): void {
    this.answer(200, body, { 'x-consul-index': String(index) })
  }
}

/** Listens on a port of its own. */
export class ScriptedAgent implements AsyncDisposable {
  readonly asked: AskedOfAgent[] = []
  readonly sockets = new Set<Socket>()
  readonly #server: Server
  readonly #coming = new AsyncQueue<AskedOfAgent>({ capacity: 1_000 })
  readonly #next = this.#coming[Symbol.asyncIterator]()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
    server.on('request', async (request, response) => {
      const asked = new AskedOfAgent(request, await text(request), response)
      this.asked.push(asked)
      this.#coming.push(asked)
    })
  }

  static async open(): Promise<ScriptedAgent> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ScriptedAgent(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next request that nobody has taken yet, in the order of their coming. */
  async next(): Promise<AskedOfAgent> {
    return (await this.#next.next()).value as AskedOfAgent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
