// A ZooKeeper in memory on a real socket: sessions that expire by a clock, ephemeral nodes and watches, for suites that want neither a process nor real time.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '../../src/core/clock.ts'
import { JuteReader } from '../../src/discovery/zookeeper/jute-reader.ts'
import { JuteWriter } from '../../src/discovery/zookeeper/jute-writer.ts'
import type { NodeStat } from '../../src/discovery/zookeeper/node-stat.ts'
import { PacketSplitter } from '../../src/discovery/zookeeper/packet-splitter.ts'
import { MemoryNodes, Refused, type Watcher } from './memory-nodes.ts'

interface KeptSession {
  readonly id: bigint
  readonly timeoutMs: number
  timer: Timer
}

/** How it answers. */
export interface MemoryZookeeperOptions {
  /** What it grants at least and at most. @default any */
  readonly timeoutsMs?: readonly [least: number, most: number] | undefined
  /** Whether it knows container nodes. @default true */
  readonly containers?: boolean | undefined
  /** Whether it says that it may only be read. @default false */
  readonly readOnly?: boolean | undefined
}

const kinds = { created: 1, deleted: 2, changed: 3, children: 4 }
const password = Buffer.from('sixteen bytes ok')

/** Each of its connections is one of a session. */
export class MemoryZookeeper implements AsyncDisposable {
  nodes = new MemoryNodes()
  readonly sockets = new Set<Socket>()
  /** What was asked, by type and path: `1 /services/a`. Heart-beats are not among it. */
  readonly asked: string[] = []
  /** How many heart-beats came. */
  beats = 0
  /** What comes is taken, and nothing is answered. */
  isMute = false
  /** Requests are taken and nothing comes of them; heart-beats are answered. */
  isStuck = false
  /** Nothing is said to the end of a session. */
  hangsAtClose = false
  /** To how many ends nothing was said. */
  hungCloses = 0
  /** The next answer to a request of this type is lost with its connection, although it is done. */
  loseAnswerTo: number | undefined
  /** The user and password that it knows, with a colon between; undefined for any. */
  auth: string | undefined
  readonly sessions = new Map<bigint, KeptSession>()
  readonly #clock: Clock
  readonly #options: MemoryZookeeperOptions
  readonly #server: Server
  #nextSession = 0x1000n

  private constructor(clock: Clock, options: MemoryZookeeperOptions) {
    this.#clock = clock
    this.#options = options
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket))
  }

  static async open(clock: Clock, options: MemoryZookeeperOptions = {}): Promise<MemoryZookeeper> {
    const zookeeper = new MemoryZookeeper(clock, options)
    await once(zookeeper.#server.listen(0, '127.0.0.1'), 'listening')
    return zookeeper
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get servers(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Ends a session, and what goes with it. */
  expire(id: bigint): void {
    const session = this.sessions.get(id)
    if (session === undefined) return
    session.timer.cancel()
    this.sessions.delete(id)
    this.nodes.removeOf(id)
  }

  /** As a server does whose disk was emptied. */
  loseMemory(): void {
    this.cut()
    for (const { timer } of this.sessions.values()) timer.cancel()
    this.sessions.clear()
    this.nodes = new MemoryNodes()
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { timer } of this.sessions.values()) timer.cancel()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket)
    const splitter = new PacketSplitter(0xf_ffff)
    let session: KeptSession | undefined
    const watcher: Watcher = ({ kind, path }) => {
      const writer = new JuteWriter().int(-1).long(-1n).int(0)
      socket.write(writer.int(kinds[kind]).int(3).text(path).frame())
    }
    const take = (packet: Buffer) => {
      if (this.isMute) return
      const reader = new JuteReader(packet)
      if (session === undefined) session = this.#greet(socket, reader)
      else this.#answer(socket, session, watcher, reader)
      if (session !== undefined) this.#touch(session)
    }
    socket
      .on('data', (chunk) => {
        for (const packet of splitter.push(chunk as Buffer)) if (!socket.destroyed) take(packet)
      })
      .on('error', () => {})
      .on('close', () => {
        this.sockets.delete(socket)
        this.nodes.forget(watcher)
      })
  }

  #greet(socket: Socket, reader: JuteReader): KeptSession | undefined {
    reader.int()
    const lastZxid = reader.long()
    const wantedMs = reader.int()
    const id = reader.long()
    const [least, most] = this.#options.timeoutsMs ?? [1, 86_400_000]
    // It must not show less than was seen already, and refuses without a word.
    if (lastZxid > this.nodes.zxid) {
      socket.destroy()
      return undefined
    }
    const known = reader.buffer().equals(password) ? this.sessions.get(id) : undefined
    const timeoutMs = known?.timeoutMs ?? Math.min(Math.max(wantedMs, least), most)
    const writer = new JuteWriter()
    if (id !== 0n && known === undefined) {
      socket.end(writer.int(0).int(0).long(0n).buffer(Buffer.alloc(16)).bool(false).frame())
      return undefined
    }
    const never: Timer = { cancel() {} }
    const session = known ?? { id: this.#nextSession++, timeoutMs, timer: never }
    if (known === undefined) this.nodes.zxid++
    this.sessions.set(session.id, session)
    const isReadOnly = this.#options.readOnly === true
    socket.write(writer.int(0).int(timeoutMs).long(session.id).buffer(password).bool(isReadOnly).frame())
    return session
  }

  #touch(session: KeptSession): void {
    session.timer.cancel()
    if (!this.sessions.has(session.id)) return
    session.timer = this.#clock.schedule(session.timeoutMs, () => this.expire(session.id), { background: true })
  }

  #answer(socket: Socket, session: KeptSession, watcher: Watcher, reader: JuteReader): void {
    const xid = reader.int()
    const type = reader.int()
    if (this.isStuck && type !== 11) return
    if (type === -11 && this.hangsAtClose) return void this.hungCloses++
    let code = 0
    let body = new JuteWriter()
    try {
      if (!this.sessions.has(session.id)) throw new Refused(-112)
      this.#run(type, reader, body, session, watcher)
    } catch (thrown) {
      code = (thrown as Refused).code ?? -5
      body = new JuteWriter()
    }
    if (type === this.loseAnswerTo) {
      this.loseAnswerTo = undefined
      socket.destroy()
      return
    }
    const header = new JuteWriter().int(xid).long(this.nodes.zxid).int(code)
    const bytes = Buffer.concat([header.frame().subarray(4), body.frame().subarray(4)])
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes.length)
    socket.write(Buffer.concat([length, bytes]))
    if (type === -11 || code === -112 || code === -115) socket.end()
  }

  #run(type: number, reader: JuteReader, body: JuteWriter, session: KeptSession, watcher: Watcher): void {
    if (type === 11) this.beats++
    else if (type === -11) this.expire(session.id)
    else if (type === 100) this.#authenticate(reader)
    else {
      const path = reader.text()
      this.asked.push(`${type} ${path}`)
      if (type === 1 || type === 19) this.#create(type, path, reader, body, session)
      else if (type === 2) this.nodes.remove(path, reader.int())
      else if (type === 5) this.nodes.write(path, reader.buffer())
      else this.#look(type, path, reader.bool() ? watcher : undefined, body)
    }
  }

  #create(type: number, path: string, reader: JuteReader, body: JuteWriter, session: KeptSession): void {
    if (type === 19 && this.#options.containers === false) throw new Refused(-6)
    const data = reader.buffer()
    for (let entries = reader.int(); entries > 0; entries--) {
      reader.int()
      reader.text()
      reader.text()
    }
    this.nodes.create(path, data, reader.int() === 1 ? session.id : 0n)
    body.text(path)
    if (type === 19) writeStat(body, this.nodes.find(path).stat)
  }

  #look(type: number, path: string, watcher: Watcher | undefined, body: JuteWriter): void {
    const { nodes } = this
    if (type === 3 && watcher !== undefined) nodes.watch('node', path, watcher)
    const { data, stat } = nodes.find(path)
    if (type === 4 && watcher !== undefined) nodes.watch('node', path, watcher)
    if (type === 12 && watcher !== undefined) nodes.watch('children', path, watcher)
    if (type === 4) body.buffer(data)
    if (type === 12) {
      const names = nodes.children(path)
      body.int(names.length)
      for (const name of names) body.text(name)
    }
    writeStat(body, stat)
  }

  #authenticate(reader: JuteReader): void {
    reader.int()
    reader.text()
    const given = reader.buffer().toString()
    if (this.auth !== undefined && this.auth !== given) throw new Refused(-115)
  }
}

function writeStat(writer: JuteWriter, { czxid, mzxid, version, ephemeralOwner }: NodeStat): void {
  writer.long(czxid).long(mzxid).long(0n).long(0n).int(version).int(0).int(0)
  writer.long(ephemeralOwner).int(0).int(0).long(0n)
}
