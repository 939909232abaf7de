// Query: one question to a DNS server, and its octets (RFC 1035, 4.1; RFC 6891).
import { randomInt } from 'node:crypto'
import { domainNameBytes } from './domain-name.ts'
import { recordNumbers } from './resource-record.ts'

/** What can be asked for. */
export type QueryType = keyof typeof recordNumbers

/** One question. */
export interface Query {
  readonly name: string
  readonly type: QueryType
  /** Tells the answer from what strangers send: nobody can guess it (RFC 5452, 9.2). */
  readonly id: number
  /** Whether it says that longer datagrams than 512 octets are welcome, which old servers do not understand. */
  readonly isExtended: boolean
}

/** A question that was not asked before. */
export function query(name: string, type: QueryType, isExtended: boolean): Query {
  return { name, type, id: randomInt(0x1_0000), isExtended }
}

const recursionDesired = 0x01
// What passes everywhere without being cut into pieces: the choice of the resolvers since 2020.
const longestDatagramBytes = 1_232

/** The octets of a question. */
export function encodeQuery({ name, type, id, isExtended }: Query): Uint8Array {
  const extension = isExtended
    ? [0, 0, 41, longestDatagramBytes >> 8, longestDatagramBytes & 0xff, 0, 0, 0, 0, 0, 0]
    : []
  return Uint8Array.from([
    ...[id >> 8, id & 0xff, recursionDesired, 0, 0, 1, 0, 0, 0, 0, 0, isExtended ? 1 : 0],
    ...domainNameBytes(name),
    ...[0, recordNumbers[type], 0, 1],
    ...extension,
  ])
}
