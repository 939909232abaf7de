// What the processes of the demo say to each other over their channels.

/** What the stage tells an instance: how much longer than usual it should take for each call. */
export interface Order {
  readonly slowMs: number
}

/** What a process says of itself: once that it can be called, or why it cannot. */
export type Greeting =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'problem'; readonly message: string }

/** What the proxy has seen of its calls since it started; it says so five times a second. */
export interface Report {
  readonly kind: 'report'
  /** In milliseconds since the epoch, as all moments here. */
  readonly at: number
  /** Attempts beyond the first. */
  readonly retries: number
  /** How many errors went up although they could have been worth another attempt, by the reason. */
  readonly gaveUp: Readonly<Record<string, number>>
  readonly instances: readonly InstanceReport[]
}

/** What the proxy has seen of one instance, which may have left. */
export interface InstanceReport {
  readonly id: string
  /** Attempts that ended there. */
  readonly calls: number
  /** Those of them that say that the instance is not well. */
  readonly failed: number
  /** Those of them that had failed elsewhere before. */
  readonly retries: number
  /** When the last attempt was sent there; 0 if never. */
  readonly lastSentAt: number
  /** When it came, and when it left; undefined where it has not. */
  readonly joinedAt: number | undefined
  readonly leftAt: number | undefined
  readonly circuit: 'closed' | 'open' | 'half_open'
  /** When its circuit opened last. */
  readonly openedAt: number | undefined
}

/** Of an instance that nobody has called yet. */
export function nothingOf(id: string): InstanceReport {
  const moments = { lastSentAt: 0, joinedAt: undefined, leftAt: undefined, openedAt: undefined }
  return { id, calls: 0, failed: 0, retries: 0, ...moments, circuit: 'closed' }
}

/** All that the stage can hear. */
export type Message = Greeting | Report
