// Announce: what an adapter of a registry is to the registrar that keeps its announcements.
import type { Instance } from './instance.ts'

/**
 * What an adapter is: the one round trip that announces an instance. When that fails and the registry may have the instance all the same, it
 * calls `mayBeThere` before it rejects or as its signal aborts: then closing takes it back, although it was never announced.
 */
export type Announce = (
  service: string,
  instance: Instance,
  signal: AbortSignal,
  mayBeThere?: (withdraw: Announcement['withdraw']) => void,
) => Promise<Announcement>

/** What a registry was told. */
export interface Announcement {
  /** How long until it must be renewed, in milliseconds; undefined where it holds by itself. */
  readonly renewEveryMs?: number | undefined
  /** Renews it. What it throws is the registry's failure: then it is announced anew. */
  renew?(signal: AbortSignal): Promise<void>
  /** Resolves as soon as the registry has lost it, where that can be heard. */
  readonly lost?: Promise<unknown> | undefined
  /** Takes it back. */
  withdraw(signal: AbortSignal): Promise<void>
}
