// undici at its lowest door, by hand: no promise, no stream and no check but the ones that a call needs.
import { type Dispatcher, Pool } from 'undici'
import { calling } from './calling.ts'

const headers = { 'content-type': 'application/json' }

calling((url) => {
  const pool = new Pool(url)
  return () =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ a: 1, b: 2 })
      pool.dispatch({ path: '/sum', method: 'POST', headers, body }, new Reply(resolve, reject))
    })
})

class Reply implements Dispatcher.DispatchHandler {
  #status = 0
  #text = ''
  readonly #resolve: (reply: { total: number }) => void
  readonly #reject: (error: Error) => void

  constructor(resolve: (reply: { total: number }) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#text += chunk.toString()
  }

  onResponseEnd(): void {
    if (this.#status === 200) this.#resolve(JSON.parse(this.#text))
    else this.#reject(new Error(`status ${this.#status}`))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error)
  }
}
