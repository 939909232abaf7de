// The first packets of a connection: a session is asked for, or asked for again, and granted or not; then who we are.
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'

/** A session as both sides know it. */
export interface SessionTicket {
  /** 0 for a new one. */
  readonly id: bigint
  /** Shows that it is ours. Empty for a new one. */
  readonly password: Uint8Array
  /** After how long without a word the server ends it, in milliseconds. */
  readonly timeoutMs: number
}

/** What a server says to who asks for a session. */
export interface Grant extends SessionTicket {
  /** Whether the server has lost its quorum, and only shows what it has. */
  readonly isReadOnly: boolean
}

/** User and password for ZooKeeper's scheme `digest`. */
export interface DigestUser {
  /** Without a colon. */
  readonly user: string
  /** Is never shown. */
  readonly password: string
}

const authXid = -4
const authType = 100

/** Asks for a session. A server that has seen less than `lastZxid` refuses, as with it time would run backwards. */
export function connectRequest({ id, password, timeoutMs }: SessionTicket, lastZxid: bigint): Uint8Array {
  const writer = new JuteWriter()
  writer.int(0).long(lastZxid).int(timeoutMs).long(id).buffer(password)
  // A server that may only be read refuses at once.
  return writer.bool(false).frame()
}

/** Reads the answer. The id is 0 where a session of before is none any more. */
export function readGrant(packet: Buffer): Grant {
  const reader = new JuteReader(packet)
  const version = reader.int()
  if (version !== 0) throw new Error(`it speaks version ${version} of a protocol that has only version 0`)
  const timeoutMs = reader.int()
  const id = reader.long()
  // A copy: the packet may be a part of something large.
  const password = Uint8Array.from(reader.buffer())
  return { id: timeoutMs > 0 ? id : 0n, password, timeoutMs, isReadOnly: reader.left > 0 && reader.bool() }
}

/** Says who we are. */
export function authRequest({ user, password }: DigestUser): Uint8Array {
  const writer = new JuteWriter().int(authXid).int(authType).int(0)
  return writer.text('digest').text(`${user}:${password}`).frame()
}
