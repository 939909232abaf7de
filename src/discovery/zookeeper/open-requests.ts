// OpenRequests: what was asked on one connection and not answered yet. A server answers in the order in which it was asked.
import { ServiceError } from '../../core/errors.ts'
import type { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import type { Operation } from './operation.ts'
import { ZookeeperRefusal } from './refusal.ts'

interface Waiting {
  readonly operation: Operation<unknown>
  resolve(result: unknown): void
  reject(error: Error): void
}

const lastXid = 2 ** 31 - 1

/** Numbers requests, and gives each the reply of its number. */
export class OpenRequests {
  readonly #maxPacketBytes: number
  /** By number, in the order of the replies. */
  readonly #waiting = new Map<number, Waiting>()
  #xid = 0

  constructor(maxPacketBytes: number) {
    this.#maxPacketBytes = maxPacketBytes
  }

  get count(): number {
    return this.#waiting.size
  }

  /**
   * Sends a request, and resolves with what the reply means. Rejects with a ZookeeperRefusal where the server says no, and with `invalid_argument` for a
   * request that is too large: for that a server would end the connection, and all other requests with it.
   */
  ask<Result>(operation: Operation<Result>, send: (frame: Uint8Array) => void): Promise<Result> {
    const xid = this.#xid === lastXid ? 1 : this.#xid + 1
    const writer = new JuteWriter().int(xid).int(operation.type)
    operation.write(writer)
    if (writer.size > this.#maxPacketBytes) {
      const text = `${operation.what} has ${writer.size} bytes, but maxPacketBytes is ${this.#maxPacketBytes}`
      return Promise.reject(new ServiceError('invalid_argument', text))
    }
    this.#xid = xid
    return new Promise<Result>((resolve, reject) => {
      // It is resolved with what its own operation has read.
      this.#waiting.set(xid, { operation, resolve: resolve as Waiting['resolve'], reject })
      send(writer.frame())
    })
  }

  /** Takes a reply; gives the refusal that it is, where it is one. Throws an Error for a reply that was not due, or makes no sense. */
  answer(xid: number, code: number, reader: JuteReader): ZookeeperRefusal | undefined {
    const [due] = this.#waiting.keys()
    const waiting = this.#waiting.get(xid)
    if (waiting === undefined || due !== xid) throw new Error(`it answered ${xid}, but ${due ?? 'nothing'} was asked`)
    const { operation, resolve, reject } = waiting
    const isNo = code !== 0 && operation.instead?.has(code) !== true
    const result = code === 0 ? operation.read(reader) : operation.instead?.get(code)
    this.#waiting.delete(xid)
    if (isNo) {
      const refusal = new ZookeeperRefusal(code, operation.what)
      reject(refusal)
      return refusal
    }
    resolve(result)
    return undefined
  }

  /** No reply will come any more. */
  fail(error: ServiceError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
