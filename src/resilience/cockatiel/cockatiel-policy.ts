// CockatielPolicy: what is used of the policies of the package `cockatiel`, and what our middleware around one says.
import type { Endpoint } from '../../core/endpoint.ts'
import type { RefusedEvent } from '../policy.ts'

/** What a policy of cockatiel tells the function that it runs. */
export interface CockatielContext {
  readonly signal: AbortSignal
  /** From 0, of a retry. */
  readonly attempt?: number
}

/** What is used of a policy of cockatiel 3 and 4. `Alt` is what it may give in place of a response, as a fallback does. */
export interface CockatielPolicy<Alt = never> {
  /** Only for cockatiel's types: there is none. */
  readonly _altReturn: Alt
  execute<T>(run: (context: CockatielContext) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T | Alt>
}

/** Who hears of the policy. */
export interface CockatielOptions {
  /** Told of each call that it refuses. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** What the policy did. */
export interface CockatielSnapshot {
  /** How many calls it refused. */
  readonly refused: number
}

/** A middleware whose responses may be those of the policy. */
export interface CockatielLayer<Alt> {
  <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res | Alt>
  /** What it has done, as plain data. */
  snapshot(): CockatielSnapshot
}
