// A Redis that knows the lease script and nothing else, on virtual time: what the script does is written here once more, in other words.

import { leaseScript } from '../../src/resilience/redis/lease-script.ts'
import type { SendCommand } from '../../src/resilience/redis/redis-client.ts'
import type { ManualClock } from '../../src/testing/manual-clock.ts'

interface Bucket {
  tokens: number
  at: number
  readonly members: Map<string, number>
}

/** Plays Redis on the clock of a test. */
export class PlayedRedis {
  readonly #clock: ManualClock
  readonly #buckets = new Map<string, Bucket>()
  #knowsScript = false
  /** How long an answer takes, in milliseconds. */
  latencyMs = 0
  /** `hangs` takes commands and never answers; `refuses` answers with an error. */
  state: 'up' | 'hangs' | 'refuses' = 'up'
  /** The names of the commands that came. */
  readonly commands: string[] = []

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  /** As a client is handed in. */
  readonly send: SendCommand = async (command) => {
    const [name = '', script, , bucket = '', members = '', ...args] = command
    this.commands.push(name)
    if (this.state === 'refuses') throw new Error('ECONNREFUSED')
    if (this.state === 'hangs') return new Promise(() => {})
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs)
    if (name === 'EVALSHA' && (script !== leaseScript.sha || !this.#knowsScript)) throw new Error('NOSCRIPT none')
    this.#knowsScript = true
    if (members !== `${bucket}:processes`) throw new Error('two slots')
    return this.#lease(bucket, args)
  }

  /** Forgets all, as one that was started anew. */
  restart(): void {
    this.#buckets.clear()
    this.#knowsScript = false
    this.state = 'up'
  }

  /** How many processes a bucket knows. */
  processes(key: string): number {
    return this.#buckets.get(key)?.members.size ?? 0
  }

  /** How many tokens there were when it was asked last. */
  tokens(key: string): number | undefined {
    return this.#buckets.get(key)?.tokens
  }

  #lease(key: string, args: readonly string[]): number[] {
    const [perSecond = 0, burst = 0, , ask = 0, returned = 0, credit = 0, aheadMs = 0] = args.map(Number)
    const [, , me = '', , , , , isFull, leaves] = args
    const now = this.#clock.now()
    const perMs = perSecond / 1_000
    const known = this.#buckets.get(key) ?? { tokens: isFull === '1' ? burst : 0, at: now, members: new Map() }
    this.#buckets.set(key, known)
    for (const [member, until] of known.members) if (until <= now) known.members.delete(member)
    if (leaves === '1') known.members.delete(me)
    else known.members.set(me, now + 5_000)
    const count = Math.max(1, known.members.size)
    const againMs = Math.max(aheadMs, count / perMs / 2)
    if (leaves !== '1') known.members.set(me, now + Math.max(5_000, 4 * againMs))

    const ahead = Math.max(1, perMs * aheadMs)
    const earned = Math.min(burst, known.tokens + Math.max(0, now - known.at) * perMs + returned)
    let tokens = Math.max(earned - credit, -burst - ahead)
    const granted = Math.min(ask, Math.max(0, Math.floor(tokens)))
    tokens -= granted
    const share = Math.max(1, Math.floor(ahead / count))
    const later = Math.max(0, Math.min(ask - granted, share, Math.floor(tokens + ahead)))
    tokens -= later
    known.tokens = tokens
    known.at = now
    return [granted, later, later > 0 ? Math.ceil(Math.max(0, -tokens / perMs)) : 0, count, Math.ceil(againMs)]
  }
}
