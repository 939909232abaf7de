// A receiver of InfluxDB's line protocol for tests: keeps points as InfluxDB does, and answers as it is told.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** One line. */
export interface Point {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, number>>
  /** Nanoseconds, as text. */
  readonly time: string
}

/** A request that came. */
export interface Written {
  /** Method, path and parameters. */
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly lines: readonly string[]
}

/** How a request is answered; true takes the points. */
export type Answer = (written: Written, response: ServerResponse) => boolean | Promise<boolean>

const plain = (text: string): string => text.replaceAll(/\\([, =])/g, '$1')

/** Reads a line as the reference of the protocol has it. Throws for one that it cannot read. */
export function parsePoint(line: string): Point {
  const [, head = '', body = '', time = ''] = /^((?:\\ |[^ ])+) ((?:\\ |[^ ])+) (\d+)$/.exec(line) ?? []
  if (head === '') throw new Error(`unable to parse '${line}'`)
  const [measurement = '', ...tags] = head.split(/(?<!\\),/)
  const pair = (text: string): [string, string] => {
    const [key = '', value = '', ...more] = text.split(/(?<!\\)=/)
    if (key === '' || value === '' || value.endsWith('\\') || more.length > 0)
      throw new Error(`unable to parse '${line}'`)
    return [plain(key), value]
  }
  const fields = body.split(/(?<!\\),/).map((text): [string, number] => {
    const [key, value] = pair(text)
    if (!/^-?\d+(?:i|(?:\.\d+)?(?:e[+-]?\d+)?)$/.test(value)) throw new Error(`unable to parse '${line}'`)
    return [key, Number(value.replace(/i$/, ''))]
  })
  return {
    measurement: plain(measurement),
    tags: Object.fromEntries(tags.map(pair).map(([key, value]) => [key, plain(value)])),
    fields: Object.fromEntries(fields),
    time,
  }
}

/** Listens on a port of its own. */
export class InfluxReceiver implements AsyncDisposable {
  readonly written: Written[] = []
  /** By series and time: of two points of the same the later one stays. */
  readonly #points = new Map<string, Point>()
  readonly #server = createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    if (body === undefined) return
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()
    const lines = text.split('\n').filter((line) => line !== '')
    const line = `${request.method} ${request.url}`
    const written = { line, headers: request.headers, text, lines }
    this.written.push(written)
    if (await this.answer(written, response)) this.take(lines)
    if (!response.writableEnded) response.writeHead(204).end()
  })
  answer: Answer = () => true

  static async open(port = 0): Promise<InfluxReceiver> {
    const receiver = new InfluxReceiver()
    receiver.#server.listen(port, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get points(): readonly Point[] {
    return [...this.#points.values()]
  }

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const point = parsePoint(line)
      this.#points.set(`${line.slice(0, line.search(/(?<!\\) /))} ${point.time}`, point)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Answers with a status and a text, as InfluxDB says what it refuses. */
export function refuse(
  response: ServerResponse,
  status: number,
  error = '',
  headers: Record<string, string> = {},
): false {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }))
  return false
}
