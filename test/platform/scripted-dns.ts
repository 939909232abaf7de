// A DNS server on loopback that says what a test tells it to, by UDP and by TCP, and keeps what it was asked.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { freePorts } from '../servers/free-ports.ts'

/** A record as zone files have it: name, seconds, type, data. */
export type ZoneRecord =
  | readonly [name: string, seconds: number, type: 'A' | 'AAAA' | 'CNAME' | 'NS', data: string]
  | readonly [
      name: string,
      seconds: number,
      type: 'SRV',
      priority: number,
      weight: number,
      port: number,
      target: string,
    ]
  | readonly [name: string, seconds: number, type: 'SOA', minimumSeconds: number]
  | readonly [name: string, seconds: number, type: 'TXT', data: string]

/** What it says. */
export interface Reply {
  /** @default 0 */
  readonly code?: number | undefined
  readonly isTruncated?: boolean | undefined
  /** @default true */
  readonly isAuthoritative?: boolean | undefined
  readonly answers?: readonly ZoneRecord[] | undefined
  readonly authority?: readonly ZoneRecord[] | undefined
  readonly additional?: readonly ZoneRecord[] | undefined
  /** The upper bits of the code, in an OPT record. @default no such record */
  readonly codeBits?: number | undefined
}

/** A question that came. */
export interface Asked {
  readonly protocol: 'udp' | 'tcp'
  readonly id: number
  readonly name: string
  readonly type: string
  readonly isExtended: boolean
  /** The port of whoever asks. */
  readonly port: number
}

/** Gives the reply, octets to send as they are, or undefined to say nothing. */
export type Script = (asked: Asked) => Reply | Uint8Array | undefined | Promise<Reply | Uint8Array | undefined>

const numbers: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, SRV: 33 }

/** Such a server; disposing it closes it and all connections. */
export class ScriptedDns implements AsyncDisposable {
  /** As in `servers`. */
  readonly address: string
  readonly port: number
  readonly asked: Asked[] = []
  script: Script
  /** How many replies have been handed to the system. */
  answered = 0
  readonly #connections = new Set<Socket>()
  #udp: UdpSocket | undefined
  #stack: AsyncDisposableStack | undefined

  constructor(port: number, script: Script) {
    this.port = port
    this.address = `127.0.0.1:${port}`
    this.script = script
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size
  }

  /** Listens. */
  async start(): Promise<void> {
    const stack = new AsyncDisposableStack()
    this.#stack = stack
    const udp = createSocket('udp4')
    udp.on('message', async (bytes, { port }) => {
      const reply = await this.#answer('udp', bytes, port)
      if (reply !== undefined) await this.send(reply, port)
    })
    this.#udp = udp
    udp.bind(this.port, '127.0.0.1')
    await once(udp, 'listening')
    stack.defer(() => new Promise((resolve) => udp.close(resolve)))
    const tcp = createServer((socket) => {
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket)).on('error', () => {})
      socket.once('data', async (chunk: Buffer) => {
        const reply = await this.#answer('tcp', chunk.subarray(2), socket.remotePort ?? 0)
        if (reply !== undefined)
          socket.write(Buffer.concat([Uint8Array.of(reply.length >> 8, reply.length & 255), reply]))
      })
    })
    await once(tcp.listen(this.port, '127.0.0.1'), 'listening')
    stack.defer(async () => {
      for (const socket of this.#connections) socket.destroy()
      await new Promise((resolve) => tcp.close(resolve))
    })
  }

  /** Sends a datagram of its own to who listens there. */
  send(bytes: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#udp === undefined) return resolve()
      this.#udp.send(bytes, port, '127.0.0.1', () => {
        this.answered++
        resolve()
      })
    })
  }

  /** Stops to listen, and cuts what is connected. */
  async stop(): Promise<void> {
    const stack = this.#stack
    this.#stack = undefined
    this.#udp = undefined
    await stack?.disposeAsync()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #answer(protocol: 'udp' | 'tcp', bytes: Buffer, port: number): Promise<Uint8Array | undefined> {
    const asked = readQuestion(protocol, bytes, port)
    this.asked.push(asked)
    const reply = await this.script(asked)
    if (reply === undefined || reply instanceof Uint8Array) return reply
    const whole = encodeReply(asked, reply)
    if (protocol === 'tcp' || whole.length <= (asked.isExtended ? 1_232 : 512)) return whole
    return encodeReply(asked, { isTruncated: true })
  }
}

/** Starts one. */
export async function scriptedDns(script: Script = () => undefined): Promise<ScriptedDns> {
  const { dns } = await freePorts(['dns'])
  const server = new ScriptedDns(dns, script)
  await server.start()
  return server
}

function readQuestion(protocol: 'udp' | 'tcp', bytes: Buffer, port: number): Asked {
  const labels: string[] = []
  let at = 12
  for (let length = bytes.readUInt8(at); length > 0; length = bytes.readUInt8(at)) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  const number = bytes.readUInt16BE(at + 1)
  const type = Object.keys(numbers).find((key) => numbers[key] === number) ?? String(number)
  return { protocol, id: bytes.readUInt16BE(0), name: labels.join('.'), type, isExtended: bytes[11] === 1, port }
}

/** A whole message in answer to a question. Names that are the question's are pointers to it. */
export function encodeReply(asked: Pick<Asked, 'id' | 'name' | 'type'>, reply: Reply): Uint8Array {
  const { code = 0, isTruncated = false, isAuthoritative = true, codeBits } = reply
  const { answers = [], authority = [], additional = [] } = reply
  const flags = 0x8000 | (isAuthoritative ? 0x0400 : 0) | (isTruncated ? 0x0200 : 0) | code
  const extension = codeBits === undefined ? [] : [[0, 0, 41, 4, 208, codeBits, 0, 0, 0, 0, 0]]
  const counts = [1, answers.length, authority.length, additional.length + extension.length]
  const records = [...answers, ...authority, ...additional].map((record) => encodeRecord(record, asked.name))
  const head = [asked.id, flags, ...counts].flatMap(short)
  const question = [...encodeName(asked.name), ...short(numbers[asked.type] ?? 0), 0, 1]
  return Buffer.concat([head, question, ...records, ...extension].map((part) => Uint8Array.from(part)))
}

/** A name as octets. */
export function encodeName(name: string): number[] {
  const labels = name.split('.').filter((label) => label !== '')
  return [...labels.flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]), 0]
}

const short = (number: number): number[] => [(number >> 8) & 255, number & 255]
const long = (number: number): number[] => [...short(Math.floor(number / 65_536)), ...short(number % 65_536)]

function encodeRecord(record: ZoneRecord, asked: string): number[] {
  const [name, seconds, type] = record
  const data = encodeData(record)
  const owner = name === asked ? [0xc0, 12] : encodeName(name)
  return [...owner, ...short(numbers[type] ?? 0), 0, 1, ...long(seconds), ...short(data.length), ...data]
}

function encodeData(record: ZoneRecord): number[] {
  switch (record[2]) {
    case 'A':
      return record[3].split('.').map(Number)
    case 'AAAA':
      return record[3].split(':').flatMap((group) => short(Number.parseInt(group, 16)))
    case 'SRV':
      return [...short(record[3]), ...short(record[4]), ...short(record[5]), ...encodeName(record[6])]
    case 'SOA':
      return [
        ...encodeName('ns.example'),
        ...encodeName('hostmaster.example'),
        ...Array(16).fill(1),
        ...long(record[3]),
      ]
    case 'TXT':
      return [record[3].length, ...Buffer.from(record[3])]
    default:
      return encodeName(record[3])
  }
}
