// Our instruments over those of a client, which throws at values that ours leave out.
import type { Counter } from '../counter.ts'
import type { Gauge } from '../gauge.ts'
import type { Histogram } from '../histogram.ts'
import type { ClientCounterChild, ClientGaugeChild, ClientObserverChild } from './client-register.ts'

/** One series that a client keeps, until it is forgotten. */
export class ClientSeries<Child> {
  readonly #labels: Record<string, string>
  protected child: Child | undefined

  constructor(child: Child, labels: Record<string, string>) {
    this.child = child
    this.#labels = labels
  }

  /** From now on nothing reaches the client, for which this would be a new series. Gives the labels of the old one. */
  forget(): Record<string, string> {
    this.child = undefined
    return this.#labels
  }
}

/** Counts what only goes up. */
export class ClientCounter extends ClientSeries<ClientCounterChild> implements Counter {
  add(amount = 1): void {
    if (amount >= 0 && amount < Infinity) this.child?.inc(amount)
  }
}

/** Holds a value that goes up and down. */
export class ClientGauge extends ClientSeries<ClientGaugeChild> implements Gauge {
  set(value: number): void {
    this.child?.set(value)
  }

  add(amount: number): void {
    if (Number.isFinite(amount)) this.child?.inc(amount)
  }
}

/** Takes values, as a histogram or as a summary. */
export class ClientObserver extends ClientSeries<ClientObserverChild> implements Histogram {
  observe(value: number): void {
    if (Number.isFinite(value)) this.child?.observe(value)
  }
}
