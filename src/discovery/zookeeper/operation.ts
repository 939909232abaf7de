// The requests that are made of ZooKeeper: each a value that knows its bytes, and what the reply to it means.
import { writeAcl, type ZookeeperAclEntry } from './acl.ts'
import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'
import { type NodeStat, readStat } from './node-stat.ts'
import { refusals } from './refusal.ts'

/** One request (ZooDefs.OpCode), and its reply. */
export interface Operation<Result> {
  /** What is asked, for messages. */
  readonly what: string
  readonly type: number
  write(writer: JuteWriter): void
  read(reader: JuteReader): Result
  /** Refusals that are an answer, by their codes. @default all are errors */
  readonly instead?: ReadonlyMap<number, Result> | undefined
}

/** A node as it was read. */
export interface NodeData {
  readonly data: Buffer
  readonly stat: NodeStat
}

/** How long a node lives: with its session, until it has had nodes below and has none any more, or for ever. */
export type NodeMode = 'ephemeral' | 'container' | 'persistent'

/** A node that is to be made. */
export interface NewNode {
  readonly path: string
  readonly data: Uint8Array
  readonly acl: readonly ZookeeperAclEntry[]
  readonly mode: NodeMode
}

/** What came of making a node; `unknown` from servers before 3.5, which know no containers. */
export type Creation = 'created' | 'exists' | 'parentless' | 'unknown'

const creations: ReadonlyMap<number, Creation> = new Map([
  [refusals.nodeExists, 'exists'],
  [refusals.noNode, 'parentless'],
  [refusals.unimplemented, 'unknown'],
])
const createTypes = { ephemeral: 1, container: 19, persistent: 1 } as const
const createFlags = { ephemeral: 1, container: 4, persistent: 0 } as const

/** Makes a node. */
export function addNode({ path, data, acl, mode }: NewNode): Operation<Creation> {
  return {
    what: `create ${path}`,
    type: createTypes[mode],
    write: (writer) => {
      writer.text(path).buffer(data)
      writeAcl(writer, acl)
      writer.int(createFlags[mode])
    },
    read: () => 'created',
    instead: creations,
  }
}

/** Removes a node of a version, -1 for any; false where it has another one by now. One that is not there is removed. */
export function removeNode(path: string, version: number): Operation<boolean> {
  return {
    what: `delete ${path}`,
    type: 2,
    write: (writer) => void writer.text(path).int(version),
    read: () => true,
    instead: new Map([
      [refusals.noNode, true],
      [refusals.badVersion, false],
    ]),
  }
}

const absent: ReadonlyMap<number, undefined> = new Map([[refusals.noNode, undefined]])

/** Looks at a node, and watches it and its absence. */
export function exists(path: string, watch: boolean): Operation<NodeStat | undefined> {
  return { ...asking(`exists ${path}`, 3, path, watch), read: readStat, instead: absent }
}

/** Reads a node, and watches it if it is there. */
export function getData(path: string, watch: boolean): Operation<NodeData | undefined> {
  return {
    ...asking(`getData ${path}`, 4, path, watch),
    read: (reader) => ({ data: reader.buffer(), stat: readStat(reader) }),
    instead: absent,
  }
}

/** Writes a node, whatever its version; false where there is none. */
export function setData(path: string, data: Uint8Array): Operation<boolean> {
  return {
    what: `setData ${path}`,
    type: 5,
    write: (writer) => void writer.text(path).buffer(data).int(-1),
    read: () => true,
    instead: new Map([[refusals.noNode, false]]),
  }
}

/** The names of the nodes below a node, and watches those if it is there. */
export function getChildren(path: string, watch: boolean): Operation<readonly string[] | undefined> {
  return {
    ...asking(`getChildren ${path}`, 12, path, watch),
    read: (reader) => {
      const names = reader.texts()
      readStat(reader)
      return names
    },
    instead: absent,
  }
}

function asking(what: string, type: number, path: string, watch: boolean) {
  return { what, type, write: (writer: JuteWriter) => void writer.text(path).bool(watch) }
}
