// What lies between an instancer and its registry in the bench: it passes bytes on, counts those that come back, and knows when the last came.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** In the shared memory: the bytes that came back, and when the last of them did, in milliseconds of the clock of performance. */
const [bytesAt, timeAt] = [0, 1]

interface Target {
  readonly host: string
  readonly port: number
  readonly shared: SharedArrayBuffer
}

/** A tap in a thread of its own, so that what it does is no part of what is timed. */
export class Tap implements AsyncDisposable {
  readonly port: number
  readonly #worker: Worker
  readonly #seen: Float64Array

  private constructor(worker: Worker, port: number, seen: Float64Array) {
    this.#worker = worker
    this.port = port
    this.#seen = seen
  }

  static async before(host: string, port: number): Promise<Tap> {
    const shared = new SharedArrayBuffer(16)
    const target: Target = { host, port, shared }
    const worker = new Worker(new URL(import.meta.url), { workerData: target })
    const [own] = await once(worker, 'message')
    return new Tap(worker, own, new Float64Array(shared))
  }

  /** How many bytes the registry has sent. */
  get bytes(): number {
    return this.#seen[bytesAt] as number
  }

  /** How long ago its last bytes were passed on, in milliseconds. */
  get sinceLastMs(): number {
    return performance.timeOrigin + performance.now() - (this.#seen[timeAt] as number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

function pass(client: Socket, { host, port }: Target, seen: Float64Array): void {
  const registry = connect(port, host)
  registry.setNoDelay(true)
  client.setNoDelay(true)
  client.pipe(registry)
  registry.on('data', (chunk: Buffer) => {
    seen[bytesAt] = (seen[bytesAt] as number) + chunk.byteLength
    seen[timeAt] = performance.timeOrigin + performance.now()
    client.write(chunk)
  })
  registry.once('close', () => client.destroy())
  client.once('close', () => registry.destroy())
  for (const socket of [client, registry]) socket.on('error', () => {})
}

if (!isMainThread) {
  const target: Target = workerData
  const seen = new Float64Array(target.shared)
  const server = createServer((client) => pass(client, target, seen)).listen(0, '127.0.0.1', () => {
    const address = server.address()
    parentPort?.postMessage(typeof address === 'object' && address !== null ? address.port : 0)
  })
}
