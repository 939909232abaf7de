// Calls that begin at a steady rate whether or not those before have ended, each with a number of its own, and what became of them.
import { type Client, type Context, contextKey, rootContext, type ServiceError } from 'servicekit'
import type { fleet } from './fleet-instance.ts'

/** The number of the call that a context belongs to; -1 for none. */
export const callNumber = contextKey('call number', { scope: 'request', fallback: -1 })

/** How often what is called. */
export interface SteadyLoadOptions {
  readonly client: Client<typeof fleet>
  readonly callsPerSecond: number
  /** Of a call, by its number. */
  readonly method: (number: number) => 'look' | 'book'
}

const tickMs = 4
// What a machine that stood still has not begun is left out beyond this: the rest would be a flood that no caller makes.
const mostInFlight = 400

/** Begins as soon as it is made. Counts everything, repeats nothing. */
export class SteadyLoad {
  readonly #options: SteadyLoadOptions
  readonly #timer: NodeJS.Timeout
  readonly #inFlight = new Set<Promise<void>>()
  /** What calls failed with, by the number of the call. */
  readonly failures = new Map<number, ServiceError>()
  /** How many calls each instance has answered. */
  readonly answers = new Map<string, number>()
  /** How many have begun. */
  begun = 0
  #answered = 0
  #isStopped = false

  constructor(options: SteadyLoadOptions) {
    this.#options = options
    let dueAt = performance.now()
    const stepMs = 1_000 / options.callsPerSecond
    const begin = () => {
      if (this.#isStopped) return
      const now = performance.now()
      for (; dueAt <= now; dueAt += stepMs) if (this.#inFlight.size < mostInFlight) this.#begin()
    }
    // Behind the poll of the event loop: where the machine stood still, what connections were closed meanwhile is known by then, as it is to who
    // is called by others.
    this.#timer = setInterval(() => setImmediate(begin), tickMs)
  }

  /** How many calls have succeeded. */
  get answered(): number {
    return this.#answered
  }

  /** What failures were about, with how many there were of each. */
  get troubles(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { code, message } of this.failures.values()) {
      const text = `${code}: ${message.replaceAll(/\d+/g, 'n')}`
      counts[text] = (counts[text] ?? 0) + 1
    }
    return counts
  }

  /** Begins no more calls, and resolves when the last one has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isStopped = true
    await Promise.all(this.#inFlight)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #begin(): void {
    const id = this.begun++
    const ctx = rootContext().with(callNumber, id)
    const call = this.#call(id, ctx).finally(() => this.#inFlight.delete(call))
    this.#inFlight.add(call)
  }

  async #call(id: number, ctx: Context): Promise<void> {
    const { client, method } = this.#options
    try {
      const name = await client[method(id)]({ id }, ctx)
      this.#answered++
      this.answers.set(name, (this.answers.get(name) ?? 0) + 1)
    } catch (thrown) {
      this.failures.set(id, thrown as ServiceError)
    }
  }
}

/** A rate that this machine can carry beside all else that runs on it now: half of what it does without a pause, between 300 and 2,000 calls a second. */
export async function bearableRate(client: Client<typeof fleet>): Promise<number> {
  const asked = Number(process.env['SERVICEKIT_CALLS_PER_SECOND'])
  if (asked > 0) return asked
  const endAt = performance.now() + 1_000
  let done = 0
  const caller = async () => {
    while (performance.now() < endAt) {
      // Has no number of its own: -1 is not looked at by anybody.
      await client.look({ id: -1 })
      done++
    }
  }
  await Promise.all(Array.from({ length: 32 }, caller))
  return Math.min(2_000, Math.max(300, Math.round(done / 2)))
}
