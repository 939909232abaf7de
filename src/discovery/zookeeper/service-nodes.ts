// ServiceNodes: what is known of the nodes below the one of a service, so that of a thousand only those are read that have changed.
import { errorOf } from '../../core/error-of.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Instance } from '../instance.ts'
import type { LeftOutEvent } from '../left-out-event.ts'
import { instanceIn } from './instance-text.ts'
import type { Link } from './link.ts'
import { below } from './node-name.ts'
import type { NodeStat } from './node-stat.ts'
import { exists, getChildren, getData } from './operation.ts'
import { refusals, ZookeeperRefusal } from './refusal.ts'
import type { WatchEvent } from './watch-event.ts'

/** One node below that of the service. */
interface Known {
  /** Of what was read; undefined before. */
  stat: NodeStat | undefined
  instance: Instance | undefined
  flaw: Error | undefined
  isWatched: boolean
  /** Whether what was read is what it is. */
  isRead: boolean
  /** How often a watch has told of it: what is read before is not known afterwards. */
  told: number
}

// So many replies may be on their way: ten thousand instances must not be ten thousand promises and a megabyte of requests at once.
const batch = 512

/** What a reader knows over all its links of one session. */
export class ServiceNodes {
  readonly #name: string
  readonly #path: string
  /** What the paths of the nodes begin with. */
  readonly #prefix: string
  readonly #onLeftOut: (event: LeftOutEvent) => void
  readonly #known = new Map<string, Known>()
  #sessionId = 0n
  /** How often a watch has told of anything. */
  #told = 0
  /** What that was before all was read. */
  #readAt = -1
  #isListed = false
  #listTold = 0

  /** `name` is what is looked up, for events. */
  constructor(name: string, path: string, onLeftOut: (event: LeftOutEvent) => void) {
    this.#name = name
    this.#path = path
    this.#prefix = path === '/' ? '/' : `${path}/`
    this.#onLeftOut = onLeftOut
  }

  /** Whether there is nothing to read. */
  get areCurrent(): boolean {
    return this.#readAt === this.#told
  }

  /** A link has been opened: it watches nothing yet. */
  begin(sessionId: bigint): void {
    // The numbers of transactions mean nothing to an ensemble that has lost its memory, and with it the session.
    if (sessionId !== this.#sessionId) this.#known.clear()
    this.#sessionId = sessionId
    this.#isListed = false
    this.#readAt = -1
    for (const known of this.#known.values()) known.isWatched = false
  }

  /** Takes note of what a watch tells. */
  note({ path }: WatchEvent): void {
    this.#told++
    if (path === this.#path) {
      this.#isListed = false
      this.#listTold++
    }
    const known = path.startsWith(this.#prefix) ? this.#known.get(path.slice(this.#prefix.length)) : undefined
    if (known === undefined) return
    known.told++
    known.isRead = known.isWatched = false
  }

  /** Reads what is not known, and gives all instances. */
  async read(link: Link): Promise<readonly Instance[]> {
    const told = this.#told
    if (!this.#isListed) await this.#list(link)
    const reads: (readonly [string, Known])[] = []
    for (const entry of this.#known) if (!(entry[1].isRead && entry[1].isWatched)) reads.push(entry)
    for (let at = 0; at < reads.length; at += batch)
      await Promise.all(reads.slice(at, at + batch).map(([name, known]) => this.#look(link, name, known)))
    this.#readAt = told
    return this.#instances()
  }

  async #list(link: Link): Promise<void> {
    const told = this.#listTold
    let names = await link.request(getChildren(this.#path, true))
    while (names === undefined) {
      // It appears when the first instance is announced.
      if ((await link.request(exists(this.#path, true))) === undefined) names = []
      else names = await link.request(getChildren(this.#path, true))
    }
    this.#isListed = told === this.#listTold
    const there = new Set(names)
    for (const name of this.#known.keys()) if (!there.has(name)) this.#known.delete(name)
    for (const name of names)
      if (!this.#known.has(name))
        this.#known.set(name, {
          stat: undefined,
          instance: undefined,
          flaw: undefined,
          isWatched: false,
          isRead: false,
          told: 0,
        })
  }

  /** Watches a node again, and reads it only if it is another one than it was, or has other data. */
  async #look(link: Link, name: string, known: Known): Promise<void> {
    const path = below(this.#path, name)
    const { told } = known
    if (known.isRead) {
      const stat = await link.request(exists(path, true))
      const isSame = stat?.czxid === known.stat?.czxid && stat?.mzxid === known.stat?.mzxid
      known.isWatched = isSame && told === known.told
      if (isSame) return
      known.isRead = false
    }
    await this.#readData(link, name, known, path)
  }

  async #readData(link: Link, name: string, known: Known, path: string): Promise<void> {
    const { told } = known
    try {
      const node = await link.request(getData(path, true))
      // It has gone since: the list is about to change.
      if (node === undefined) return void (this.#known.get(name) === known && this.#known.delete(name))
      known.stat = node.stat
      known.instance = undefined
      known.flaw = undefined
      known.instance = instanceIn(name, node.data)
    } catch (thrown) {
      if (thrown instanceof ServiceError && !isHidden(thrown)) throw thrown
      known.flaw = errorOf(thrown)
      this.#onLeftOut({ name: this.#name, entry: path, error: known.flaw })
    }
    known.isRead = known.isWatched = told === known.told
  }

  /** One that cannot be read must not hide the rest; but when none can be, nothing is known. */
  #instances(): readonly Instance[] {
    const instances: Instance[] = []
    let flaw: Error | undefined
    for (const known of this.#known.values()) {
      if (known.instance !== undefined) instances.push(known.instance)
      flaw ??= known.flaw
    }
    if (instances.length > 0 || flaw === undefined) return instances
    const text = `none of ${this.#known.size} nodes below ${this.#path} is an instance: ${flaw.message}`
    throw new ServiceError(isHidden(flaw) ? 'permission_denied' : 'internal', text, { cause: flaw })
  }
}

function isHidden(error: Error): boolean {
  return error instanceof ZookeeperRefusal && error.refusal === refusals.noAuth
}
