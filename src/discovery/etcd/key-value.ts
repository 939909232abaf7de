// What etcd's JSON gateway says of keys, as far as it is read: lists of them, and messages of watches. Numbers of 64 bits are texts there, and what is zero, false or empty is left out.

/** Which store answers, and how far it is. */
export interface ReplyHeader {
  readonly cluster_id?: string
  readonly revision?: string
}

/** A key and what it has. Both are base64. */
export interface KeyValue {
  readonly key: string
  readonly value?: string
  readonly mod_revision?: string
}

/** The reply of `/v3/kv/range`. */
export interface RangeReply {
  readonly header?: ReplyHeader
  readonly kvs?: readonly KeyValue[]
  readonly more?: boolean
  readonly count?: string
}

/** A message of `/v3/watch`. */
export interface WatchReply {
  readonly header?: ReplyHeader
  readonly created?: boolean
  readonly canceled?: boolean
  readonly cancel_reason?: string
  readonly compact_revision?: string
  /** More events of this revision follow. */
  readonly fragment?: boolean
  readonly events?: readonly WatchEvent[]
}

/** A change of a key. */
export interface WatchEvent {
  /** @default PUT */
  readonly type?: 'PUT' | 'DELETE'
  readonly kv: KeyValue
}
