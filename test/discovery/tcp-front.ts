// What stands before a server that speaks over TCP: it can be away, late or senseless, and it counts who comes.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../src/core/clock.ts'

/** Where the server is. */
export interface TcpTarget {
  readonly host: string
  readonly port: number
}

const senseless = 'HTTP/1.1 400 Bad Request\r\n\r\n'

/** Passes all on. Its port stays the same while it is away. */
export class TcpFront implements AsyncDisposable {
  /** Those of clients. */
  readonly sockets = new Set<Socket>()
  /** How many connections came. */
  came = 0
  /** How many bytes clients were sent. */
  sentBytes = 0
  /** When that was last, by the clock. */
  sentAt = 0
  readonly #target: TcpTarget
  readonly #clock: Clock
  readonly #server: Server
  #port = 0
  #delayMs = 0
  #isGarbled = false
  #isSilent = false

  private constructor(target: TcpTarget, clock: Clock) {
    this.#target = target
    this.#clock = clock
    // Small packets must not wait for each other: to a clock that stands still a wait is for ever.
    this.#server = createServer({ noDelay: true }, (socket) => this.#pass(socket))
  }

  static async open(target: TcpTarget, clock: Clock): Promise<TcpFront> {
    const front = new TcpFront(target, clock)
    await front.start()
    return front
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Nobody can connect, and all are cut. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  async start(): Promise<void> {
    if (this.#server.listening) return
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Cuts all that are connected now. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  /** Passes nothing on, either way, and ends nothing: as a network does that is gone. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent
  }

  async delay(ms: number): Promise<void> {
    this.#delayMs = ms
  }

  /** All who are connected, and all who come, are told what makes no sense. */
  async garble(isGarbled: boolean): Promise<void> {
    this.#isGarbled = isGarbled
    if (isGarbled) for (const socket of this.sockets) socket.write(senseless)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #pass(client: Socket): void {
    this.came++
    this.sockets.add(client)
    const server = connect({ ...this.#target, noDelay: true })
    const end = () => {
      client.destroy()
      server.destroy()
    }
    let dueAt = 0
    const later = (run: () => void) => {
      const now = this.#clock.now()
      // In the order in which it came, also when answers have become quicker meanwhile.
      dueAt = Math.max(now + this.#delayMs, dueAt)
      if (dueAt === now) run()
      else this.#clock.schedule(dueAt - now, run, { background: true })
    }
    client
      .on('data', (chunk) => {
        if (this.#isGarbled) client.write(senseless)
        else if (!this.#isSilent) server.write(chunk)
      })
      .on('error', end)
      .on('close', () => {
        this.sockets.delete(client)
        server.destroy()
      })
    server
      .on('data', (chunk: Buffer) => {
        if (this.#isGarbled || this.#isSilent) return
        later(() => {
          if (client.destroyed) return
          this.sentBytes += chunk.length
          this.sentAt = this.#clock.now()
          client.write(chunk)
        })
      })
      .on('error', end)
      .on('close', () => later(() => client.destroy()))
  }
}
