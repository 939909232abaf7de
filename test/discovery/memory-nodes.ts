// The nodes of a ZooKeeper in memory: what was made, by which transaction, for which session, and who watches.
import type { NodeStat } from '../../src/discovery/zookeeper/node-stat.ts'
import type { WatchEvent } from '../../src/discovery/zookeeper/watch-event.ts'

/** Told once of a node. */
export type Watcher = (event: WatchEvent) => void

interface Kept {
  data: Buffer
  stat: NodeStat
}

/** A refusal, by ZooKeeper's code. */
export class Refused extends Error {
  readonly code: number

  constructor(code: number) {
    super(`refused with ${code}`)
    this.code = code
  }
}

const parentOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), 1))

/** All nodes. Watches are told after a change, as a server does. */
export class MemoryNodes {
  readonly #nodes = new Map<string, Kept>()
  readonly #watches = new Map<string, Set<Watcher>>()
  zxid = 0n

  constructor() {
    this.#nodes.set('/', { data: Buffer.alloc(0), stat: this.#statOf(0n) })
  }

  /** `owner` is a session, or 0 for a node that stays. */
  create(path: string, data: Buffer, owner: bigint): void {
    const parent = this.#nodes.get(parentOf(path))
    if (this.#nodes.has(path)) throw new Refused(-110)
    if (parent === undefined) throw new Refused(-101)
    if (parent.stat.ephemeralOwner !== 0n) throw new Refused(-108)
    this.zxid++
    this.#nodes.set(path, { data: Buffer.from(data), stat: this.#statOf(owner) })
    this.#tell({ kind: 'created', path })
    this.#tell({ kind: 'children', path: parentOf(path) })
  }

  remove(path: string, version = -1): void {
    const node = this.find(path)
    if (version !== -1 && version !== node.stat.version) throw new Refused(-103)
    if (this.children(path).length > 0) throw new Refused(-111)
    this.zxid++
    this.#nodes.delete(path)
    this.#tell({ kind: 'deleted', path })
    this.#tell({ kind: 'children', path: parentOf(path) })
  }

  write(path: string, data: Buffer): void {
    const node = this.find(path)
    this.zxid++
    node.data = Buffer.from(data)
    node.stat = { ...node.stat, mzxid: this.zxid, version: node.stat.version + 1 }
    this.#tell({ kind: 'changed', path })
  }

  /** Makes it and all above it where they are not. */
  ensure(path: string): void {
    if (this.#nodes.has(path)) return
    this.ensure(parentOf(path))
    this.create(path, Buffer.alloc(0), 0n)
  }

  find(path: string): Kept {
    const node = this.#nodes.get(path)
    if (node === undefined) throw new Refused(-101)
    return node
  }

  children(path: string): string[] {
    this.find(path)
    const prefix = path === '/' ? '/' : `${path}/`
    const names = Array.from(this.#nodes.keys(), (each) => each.slice(prefix.length))
    return Array.from(this.#nodes.keys()).flatMap((each, at) =>
      each.startsWith(prefix) && each !== path && !names[at]?.includes('/') ? [names[at] as string] : [],
    )
  }

  /** The nodes that go with a session. */
  removeOf(owner: bigint): void {
    for (const [path, { stat }] of [...this.#nodes]) if (stat.ephemeralOwner === owner) this.remove(path)
  }

  watch(kind: 'node' | 'children', path: string, watcher: Watcher): void {
    const key = `${kind} ${path}`
    const watchers = this.#watches.get(key) ?? new Set()
    this.#watches.set(key, watchers.add(watcher))
  }

  /** Its watches go with a connection. */
  forget(watcher: Watcher): void {
    for (const watchers of this.#watches.values()) watchers.delete(watcher)
  }

  /** How many watches there are. */
  get watches(): number {
    let sum = 0
    for (const watchers of this.#watches.values()) sum += watchers.size
    return sum
  }

  #statOf(ephemeralOwner: bigint): NodeStat {
    return { czxid: this.zxid, mzxid: this.zxid, version: 0, ephemeralOwner }
  }

  #tell(event: WatchEvent): void {
    const { kind, path } = event
    const keys = {
      created: [`node ${path}`],
      changed: [`node ${path}`],
      children: [`children ${path}`],
      deleted: [`node ${path}`, `children ${path}`],
    }
    const told = new Set<Watcher>()
    for (const key of keys[kind]) {
      for (const watcher of this.#watches.get(key) ?? []) told.add(watcher)
      this.#watches.delete(key)
    }
    for (const watcher of told) watcher(event)
  }
}
