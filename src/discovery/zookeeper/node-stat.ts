// NodeStat: what ZooKeeper says of a node beside its data.
import type { JuteReader } from './jute-reader.ts'

/** Of a node, what is used here. */
export interface NodeStat {
  /** The transaction that made it: another one made another node of the same name. */
  readonly czxid: bigint
  /** The transaction that changed its data last. */
  readonly mzxid: bigint
  /** How often its data were changed. */
  readonly version: number
  /** The session that it ends with; 0 for a node that stays. */
  readonly ephemeralOwner: bigint
}

/** Reads the `Stat` of zookeeper.jute. */
export function readStat(reader: JuteReader): NodeStat {
  const czxid = reader.long()
  const mzxid = reader.long()
  reader.long() // ctime
  reader.long() // mtime
  const version = reader.int()
  reader.int() // cversion
  reader.int() // aversion
  const ephemeralOwner = reader.long()
  reader.int() // dataLength
  reader.int() // numChildren
  reader.long() // pzxid
  return { czxid, mzxid, version, ephemeralOwner }
}
