// A client of HTTP that sends exactly the bytes it is given, and reads strictly what comes back.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** Text stands for one byte a character. */
export type Bytes = string | Uint8Array

/** A reply, or an interim one (1xx). */
export interface RawReply {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Bytes as text of one character each. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytesOf = (data: Bytes): Uint8Array => (typeof data === 'string' ? Buffer.from(data, 'latin1') : data)

/** One connection. It may be half closed: what the server sends is read until it closes. */
export class RawHttp implements AsyncDisposable {
  readonly socket: Socket
  /** Whole replies so far. */
  readonly replies: RawReply[] = []
  /** Set before a HEAD request: its reply has no body, whatever its headers say. */
  bodiless = false
  /** The server has closed its half, or the whole. */
  over = false
  /** Why, when it was not closed in peace. */
  failure: Error | undefined = undefined
  readonly #news = new EventEmitter()
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (piece: string | Uint8Array) => {
      this.#rest = Buffer.concat([this.#rest, bytesOf(piece)])
      this.#take()
    })
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#end())
    socket.on('error', (error) => {
      this.failure = error
      this.#end()
    })
  }

  /** What came of a reply that is not whole. */
  get rest(): string {
    return latin1(this.#rest)
  }

  /** Hands bytes to the network; false when there is no connection any more. */
  write(data: Bytes): Promise<boolean> {
    if (this.socket.destroyed || !this.socket.writable) return Promise.resolve(false)
    return new Promise((resolve) => this.socket.write(bytesOf(data), (error) => resolve(!error)))
  }

  /** Sends every byte in a packet of its own, until the server wants no more. */
  async drip(data: Bytes): Promise<void> {
    for (const byte of bytesOf(data)) {
      if (this.over || !(await this.write(Uint8Array.of(byte)))) return
      await setImmediate()
    }
  }

  /** Resolves when `look` finds something. Rejects when the connection ends before, or after a while. */
  async until<T>(look: () => T, what: string): Promise<T> {
    const signal = AbortSignal.timeout(3_000)
    for (let found = look(); ; found = look()) {
      if (found) return found
      const so = `${this.replies.map(({ status }) => status).join(', ') || 'nothing'} ${JSON.stringify(this.rest)}`
      assert.ok(
        !this.over,
        `the connection ended (${this.failure?.message ?? 'in peace'}) before ${what}; it gave ${so}`,
      )
      await once(this.#news, 'news', { signal }).catch(() => assert.fail(`waited too long for ${what}; got ${so}`))
    }
  }

  /** The reply of that number, from 1. */
  async reply(number = 1): Promise<RawReply> {
    return (await this.until(() => this.replies[number - 1], `reply ${number}`)) as RawReply
  }

  /** Waits for the server to close, and gives all its replies. Nothing may be left that is no whole reply. */
  async closed(): Promise<readonly RawReply[]> {
    const signal = AbortSignal.timeout(3_000)
    while (!this.over)
      await once(this.#news, 'news', { signal }).catch(() => assert.fail('the server does not close the connection'))
    assert.equal(this.rest, '')
    return this.replies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return
    this.socket.destroy()
    await once(this.socket, 'close')
  }

  #take(): void {
    for (let taken = this.#whole(); taken !== undefined; taken = this.#whole()) this.replies.push(taken)
    this.#news.emit('news')
  }

  #end(): void {
    this.over = true
    this.#take()
  }

  #whole(): RawReply | undefined {
    const bytes = this.#rest
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [first = '', ...fields] = latin1(bytes.subarray(0, end)).split('\r\n')
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) [ -~]*$/.exec(first)?.[1] ?? assert.fail(`no status line: ${first}`))
    const headers = new Map<string, string>()
    for (const field of fields) {
      const [, name = '', value = ''] = /^([\w-]+): ([ -~]*)$/.exec(field) ?? assert.fail(`no header: ${field}`)
      const before = headers.get(name.toLowerCase())
      headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
    }
    const found = this.#body(status, headers, bytes.subarray(end + 4))
    if (found === undefined) return undefined
    this.#rest = bytes.subarray(end + 4 + found.taken)
    return { status, headers, body: found.body }
  }

  #body(
    status: number,
    headers: ReadonlyMap<string, string>,
    bytes: Buffer,
  ): { body: string; taken: number } | undefined {
    if (this.bodiless || status < 200 || status === 204 || status === 304) return { body: '', taken: 0 }
    const length = headers.get('content-length')
    if (length !== undefined) {
      const taken = Number(length)
      return bytes.length < taken ? undefined : { body: bytes.subarray(0, taken).toString(), taken }
    }
    if (headers.get('transfer-encoding') === 'chunked') return unchunked(bytes)
    return this.over ? { body: bytes.toString(), taken: bytes.length } : undefined
  }
}

function unchunked(bytes: Buffer): { body: string; taken: number } | undefined {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(latin1(bytes.subarray(at, lineEnd)), 16)
    at = lineEnd + 2 + size + 2
    if (bytes.length < at) return undefined
    if (size === 0) return { body, taken: at }
    body += bytes.subarray(lineEnd + 2, at - 2).toString()
  }
}

/** How bytes may be sent; what comes in one packet and what in many must be read alike. */
export const paces = {
  'in one piece': async (http: RawHttp, data: Bytes) => void (await http.write(data)),
  'byte by byte': (http: RawHttp, data: Bytes) => http.drip(data),
} as const

export type Pace = keyof typeof paces
export const everyPace = Object.keys(paces) as Pace[]

/** Writes a request and gives status and body of the next reply. */
export async function answer(http: RawHttp, data: string): Promise<readonly [status: number, body: string]> {
  await http.write(data)
  const { status, body } = await http.reply()
  return [status, body]
}
