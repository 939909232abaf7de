// Who is called before a client writes a page: one list for each registry, however many have metrics on it.
import { Readers } from '../readers.ts'
import type { ClientMetric, ClientRegister } from './client-register.ts'

/** What of a metric is called when it is read. */
export type Collecting = Pick<ClientMetric<unknown>, 'collect'>

const ofRegisters = new WeakMap<ClientRegister, PageReaders>()

/** Those of a registry: always the same, so that making metrics there again and again, as after a reload, leaves nothing behind. */
export function pageReaders(register: ClientRegister): PageReaders {
  let readers = ofRegisters.get(register)
  if (readers === undefined) {
    readers = new PageReaders()
    ofRegisters.set(register, readers)
  }
  return readers
}

/** Called by metrics when they are read. */
export class PageReaders extends Readers {
  readonly #asking = new WeakSet<Collecting>()
  #hasCalled = false

  /** A page reads all its metrics in one go: the readers are called before the first of them, and not again. */
  override call(): void {
    if (this.#hasCalled) return
    this.#hasCalled = true
    queueMicrotask(() => {
      this.#hasCalled = false
    })
    super.call()
  }

  /** Has a metric call them before what it called until now. Once does. */
  askedBy(metric: Collecting): void {
    if (this.#asking.has(metric)) return
    this.#asking.add(metric)
    const { collect } = metric
    metric.collect = () => {
      this.call()
      return collect?.call(metric)
    }
  }
}
