// Where the page goes: to Pushgateway, as the metrics of one group.
import { type Clock, systemClock } from '../../core/clock.ts'
import { pause } from '../../core/pause.ts'
import { HttpService, refusedReply } from '../../platform/http-service.ts'
import { contentTypes } from '../prometheus/format.ts'
import type { Prometheus } from '../prometheus/prometheus.ts'
import type { Destination, Sending } from '../pushed-metrics.ts'
import type { CheckedPushgateway, PushgatewayOptions } from './pushgateway-options.ts'

/** How pushing goes. */
export interface PushgatewayStats {
  /** How many times the gateway has taken the metrics. */
  readonly pushes: number
  /** What the last push failed with, in the gateway's words; undefined when it did not. */
  readonly lastError: unknown
}

/** Between two attempts of the last push. */
const againAfterMs = 1_000

/** Pushes the page as it is; the last time again and again while nobody answers, for there is no next time. */
export class PushgatewayDestination implements Destination {
  readonly #page: Prometheus
  readonly #checked: CheckedPushgateway
  readonly #service: HttpService
  readonly #clock: Clock
  readonly #deletes: boolean
  #pushes = 0

  constructor(
    page: Prometheus,
    checked: CheckedPushgateway,
    { clock = systemClock, deleteOnClose }: PushgatewayOptions,
  ) {
    this.#page = page
    this.#checked = checked
    this.#service = new HttpService(checked.service)
    this.#clock = clock
    this.#deletes = deleteOnClose ?? false
  }

  get pushes(): number {
    return this.#pushes
  }

  async send({ signal, isLast }: Sending): Promise<void> {
    for (;;) {
      try {
        await this.#send(isLast && this.#deletes, signal)
        return
      } catch (error) {
        // What it has refused it would refuse again.
        const { status = 503 } = refusedReply(error) ?? {}
        if (isLast && status >= 500) await pause(this.#clock, againAfterMs, signal)
        if (!isLast || status < 500 || signal.aborted) throw error
      }
    }
  }

  close(): Promise<void> {
    return this.#service[Symbol.asyncDispose]()
  }

  async #send(deletes: boolean, signal: AbortSignal): Promise<void> {
    const { path, method } = this.#checked
    const headers = { accept: 'text/plain' }
    if (deletes) {
      await this.#service.ask(path, { method: 'DELETE', headers, signal, background: true })
      return
    }
    await this.#service.ask(path, {
      method,
      headers: { ...headers, 'content-type': contentTypes.text },
      body: this.#page.text(),
      signal,
      background: true,
    })
    this.#pushes++
  }
}
