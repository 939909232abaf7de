// EphemeralNodes: the nodes of all instances that one registrar announces, in one session that lives as long as any of them.
import { ServiceError } from '../../core/errors.ts'
import type { Announcement } from '../announcement.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { Link } from './link.ts'
import { exists, removeNode } from './operation.ts'
import type { Session, SessionListener } from './session.ts'
import { type Place, takePlace } from './take-place.ts'

/** One announcement of a node. Several may be of the same, of which the latest counts. */
interface Claim {
  readonly lost: PromiseWithResolvers<void>
}

/** Announces over one session, which it opens for the first node and closes after the last. */
export class EphemeralNodes {
  readonly #openSession: (listener: SessionListener) => Session
  /** By path, the latest last. */
  readonly #claims = new Map<string, Claim[]>()
  /** Nodes that may be there although nobody knows it: each belongs to an announcement that will be made again or taken back. */
  readonly #doubtful = new Set<string>()
  /** Nodes that were to be removed and may be there: the session would keep them. */
  readonly #leftovers = new Set<string>()
  /** How many requests need the session. */
  #busy = 0
  #session: Session | undefined
  #link: Link | undefined
  #sessionId = 0n

  constructor(openSession: (listener: SessionListener) => Session) {
    this.#openSession = openSession
  }

  /** As `Announce` has it. What a server has said no to is not in doubt. */
  async announce(
    place: Place,
    signal: AbortSignal,
    mayBeThere?: (withdraw: Announcement['withdraw']) => void,
  ): Promise<Announcement> {
    const { path } = place
    const inDoubt = () => {
      this.#doubtful.add(path)
      mayBeThere?.((each) => this.#withdraw(path, undefined, each))
    }
    return this.#using(async (session) => {
      const link = await session.connect(signal)
      signal.throwIfAborted()
      // A request's signal is aborted when it is over, also where it takes too long: what was sent may have been done.
      signal.addEventListener('abort', inDoubt, { once: true })
      try {
        await takePlace(link, place, signal)
      } catch (thrown) {
        const isRefused = thrown instanceof ServiceError && thrown.code !== 'unavailable'
        if (isRefused) signal.removeEventListener('abort', inDoubt)
        throw thrown
      }
      signal.throwIfAborted()
      signal.removeEventListener('abort', inDoubt)
      const claim = this.#claim(link, path)
      return { lost: claim.lost.promise, withdraw: (each) => this.#withdraw(path, claim, each) }
    })
  }

  /** Ends the session, and with it what is left of the nodes. */
  async close(): Promise<void> {
    await this.#session?.close()
  }

  #claim(link: Link, path: string): Claim {
    const claim = { lost: Promise.withResolvers<void>() }
    const claims = this.#claims.get(path)
    if (claims === undefined) this.#claims.set(path, [claim])
    else claims.push(claim)
    this.#doubtful.delete(path)
    this.#leftovers.delete(path)
    void this.#look(link, path)
    return claim
  }

  /** Only what was made by this is removed, and nothing that a later announcement of the same node holds. */
  #withdraw(path: string, claim: Claim | undefined, signal: AbortSignal): Promise<void> {
    const claims = this.#claims.get(path) ?? []
    const isLatest = claims.length === 0 || claims.at(-1) === claim
    const left = claims.filter((each) => each !== claim)
    if (left.length === 0) this.#claims.delete(path)
    else this.#claims.set(path, left)
    if (!isLatest) return Promise.resolve()
    this.#doubtful.delete(path)
    return this.#using((session) => this.#remove(session, path, signal))
  }

  async #remove(session: Session, path: string, signal: AbortSignal): Promise<void> {
    const { id } = session
    // With its session the node has gone.
    if (id === 0n) return
    this.#leftovers.add(path)
    for (;;) {
      const link = await session.connect(signal)
      if (session.id !== id) return
      try {
        return await unlessAborted(this.#removeNow(link, path), signal)
      } catch (thrown) {
        // The next server may do it.
        if (link.error === undefined || signal.aborted) throw thrown
      }
    }
  }

  async #removeNow(link: Link, path: string): Promise<void> {
    const stat = await link.request(exists(path, false))
    // Whatever its data are by now: somebody may have given it another weight.
    if (stat?.ephemeralOwner === link.sessionId) await link.request(removeNode(path, -1))
    this.#leftovers.delete(path)
  }

  /** Watches a node. What fails with the link is done again on the next one. */
  async #look(link: Link, path: string): Promise<void> {
    const stat = await link.request(exists(path, true)).catch(() => 'unknown' as const)
    if (stat !== 'unknown' && stat?.ephemeralOwner !== link.sessionId) this.#lose(path)
  }

  #lose(path: string): void {
    const claims = this.#claims.get(path) ?? []
    this.#claims.delete(path)
    for (const { lost } of claims) lost.resolve()
  }

  async #using<T>(use: (session: Session) => Promise<T>): Promise<T> {
    this.#busy++
    try {
      this.#session ??= this.#openSession(this.#listener)
      return await use(this.#session)
    } finally {
      this.#busy--
      await this.#rest()
    }
  }

  /** A session that nothing depends on is ended: it would cost the ensemble heart-beats. */
  async #rest(): Promise<void> {
    if (this.#busy > 0 || this.#claims.size > 0 || this.#doubtful.size > 0) return
    const session = this.#session
    this.#session = undefined
    this.#leftovers.clear()
    await session?.close()
  }

  readonly #listener: SessionListener = {
    onConnect: (link) => {
      this.#link = link
      if (link.sessionId !== this.#sessionId) {
        this.#doubtful.clear()
        this.#leftovers.clear()
      }
      this.#sessionId = link.sessionId
      for (const path of this.#claims.keys()) void this.#look(link, path)
      for (const path of this.#leftovers) this.#removeNow(link, path).catch(() => {})
    },
    onEvent: ({ path }) => {
      if (this.#link !== undefined && this.#claims.has(path)) void this.#look(this.#link, path)
    },
    onDisconnect: () => {
      // That of a session which is being closed ends late, where the next one has its own already.
      if (this.#link?.error !== undefined) this.#link = undefined
    },
    onLost: () => {
      for (const path of [...this.#claims.keys()]) {
        this.#doubtful.add(path)
        this.#lose(path)
      }
    },
  }
}
