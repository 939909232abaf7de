// Servers on loopback that do to their callers what a sick instance does.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What it does with a connection. */
type Habit = (socket: Socket) => void

/** What is wrong with an instance, by its name. */
export const habits = {
  /** Reads, and never answers. */
  hanging: (socket) => void socket.resume(),
  /** Does not even read: the system takes the connection and what is sent. */
  'half-open': (socket) => void socket.pause(),
  /** Cuts the connection as soon as something comes. */
  resetting: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
  /** Cuts the connection at once. */
  closing: (socket) => void socket.resetAndDestroy(),
  /** Says what is not HTTP. */
  garbage: (socket) => void socket.once('data', () => socket.write('SSH-2.0-OpenSSH_9.2\r\n\0\x01\x02\r\n')),
  /** Begins a reply and does not go on. */
  stuck: (socket) =>
    void socket.once('data', () =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"b'),
    ),
  /** Ends a reply before its end. */
  torn: (socket) =>
    void socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"b'),
    ),
  /** Answers what is HTTP, but no reply of a service. */
  page: (socket) =>
    void socket.on('data', () => {
      socket.write('HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<h1>sorry</h1')
    }),
} satisfies Readonly<Record<string, Habit>>

/** One of them, where it is found. */
export class BadInstance implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** How many connections there were. */
  connections = 0

  private constructor(habit: Habit) {
    this.#server = createServer((socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      habit(socket)
    })
  }

  static async listen(habit: Habit): Promise<BadInstance> {
    const bad = new BadInstance(habit)
    await once(bad.#server.listen(0, '127.0.0.1'), 'listening')
    return bad
  }

  /** As `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
