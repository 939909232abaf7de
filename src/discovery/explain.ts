// explain: what a client knows of its instances, and which one the next call would go to, and why.
import { type Context, rootContext } from '../core/context.ts'
import { balancingKey } from './balancing-key.ts'
import { endpointerOf } from './explainable.ts'

/** What is asked. */
export interface ExplainOptions {
  /** The key of the call, for balancers that go by it. @default none */
  readonly key?: string | undefined
  /** The context of the call. @default an empty one, with the client's clock */
  readonly ctx?: Context | undefined
}

/** Which instances there are, how they do, and which one the next call would go to. It is plain data. */
export interface Explanation {
  /** What was looked up. */
  readonly source: string
  /** When the registry last said which there are, in milliseconds since the epoch; undefined if never. */
  readonly seenAt: number | undefined
  /** What the registry fails with; undefined while it works. */
  readonly error: string | undefined
  readonly balancer: string
  /** Whether all count as healthy since too few are. */
  readonly panic: boolean
  /** The id of the instance that the next call would go to, as things are; undefined where there is none. */
  readonly picked: string | undefined
  readonly instances: readonly ExplainedInstance[]
}

/** One instance, as a balancer sees it. */
export interface ExplainedInstance {
  readonly id: string
  readonly address: string
  readonly zone: string | undefined
  readonly weight: number
  readonly inFlight: number
  /** How long calls take there, in milliseconds; what was slow lately counts most. */
  readonly latencyMs: number
  /** Which share of calls succeed there, from 0 to 1. */
  readonly successRatio: number
  /** What one more call would cost there, in milliseconds; undefined for one that takes none. */
  readonly load: number | undefined
  readonly healthy: boolean
  /** Why it is not, where that is known. */
  readonly reason: string | undefined
  /** Whether the balancer looked at it for this choice. */
  readonly considered: boolean
  /** What it was compared by: the lowest one wins. Undefined where the balancer has none, and for one that takes no calls. */
  readonly score: number | undefined
  /** What else decided. */
  readonly note: string | undefined
}

/** Explains a client that has several instances to choose from. It changes nothing. Throws a TypeError for one that has not. */
export function explain(client: object, options: ExplainOptions = {}): Explanation {
  const endpointer = endpointerOf(client)
  if (endpointer === undefined) throw new TypeError('only what balanced() and balancedClient() give can be explained')
  const { key, ctx = rootContext({ clock: endpointer.clock }) } = options
  const looked = new Map<string, { readonly score: number | undefined; readonly note: string | undefined }>()
  const picked = endpointer.explain(key === undefined ? ctx : ctx.with(balancingKey, key), {
    consider: ({ instance }, score, note) => void looked.set(instance.id, { score, note }),
  })
  const { current, name } = endpointer.instancer
  const now = ctx.clock.now()
  return {
    source: name,
    seenAt: current.seenAt,
    error: current.error?.message,
    balancer: endpointer.balancer.name,
    panic: endpointer.panic,
    picked: picked?.instance.id,
    instances: endpointer.candidates.map((candidate) => {
      const { instance, weight, inFlight, latencyMs, successRatio, healthy, health } = candidate
      const load = candidate.loadAt(now)
      const seen = looked.get(instance.id)
      return {
        id: instance.id,
        address: instance.address,
        zone: instance.zone,
        weight,
        inFlight,
        latencyMs,
        successRatio,
        load: finite(load),
        healthy,
        reason: candidate.isEjected ? 'succeeds less often than the others' : health?.describe?.(),
        considered: seen !== undefined,
        score: finite(seen?.score),
        note: seen?.note,
      }
    }),
  }
}

/** Plain data has no Infinity. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
