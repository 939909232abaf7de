// Our instruments over those of a client, which throws at values that ours leave out.
import type { Counter } from '../counter.ts'
import type { Gauge } from '../gauge.ts'
import type { Histogram } from '../histogram.ts'
import type { ClientCounterChild, ClientGaugeChild, ClientMetric, ClientObserverChild } from './client-register.ts'

/** One series that a client keeps, until it is forgotten. */
export class ClientSeries<Child> {
  readonly #metric: ClientMetric<Child>
  readonly #labels: Record<string, string>
  protected child: Child | undefined

  constructor(metric: ClientMetric<Child>, labels: Record<string, string>) {
    this.#metric = metric
    this.#labels = labels
    this.child = metric.labels(labels)
  }

  /** Removes it from the client, which nothing reaches from now on: it would be a new series there. */
  forget(): void {
    this.child = undefined
    this.#metric.remove(this.#labels)
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
