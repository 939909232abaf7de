// What a watch tells: that something happened to a node, and not what it is now. A watch tells once.
import type { JuteReader } from './jute-reader.ts'

/** Something that happened to a node. */
export interface WatchEvent {
  readonly kind: 'created' | 'deleted' | 'changed' | 'children'
  readonly path: string
}

/** Watcher.Event.EventType. */
const kinds: Readonly<Record<number, WatchEvent['kind']>> = { 1: 'created', 2: 'deleted', 3: 'changed', 4: 'children' }

/** Reads a `WatcherEvent` of zookeeper.jute; undefined for one that is about the session, or of a kind that nobody asked for. */
export function readWatchEvent(reader: JuteReader): WatchEvent | undefined {
  const kind = kinds[reader.int()]
  reader.int() // the state of the connection
  const path = reader.text()
  return kind === undefined ? undefined : { kind, path }
}
