// ResourceRecord: what DNS knows of a name, as far as instances are found with it.
import type { MessageReader } from './message-reader.ts'

interface Owned<Type extends string> {
  readonly type: Type
  /** Whose it is, in small letters, without a dot at its end. */
  readonly name: string
  /** How long it may be kept, in milliseconds. */
  readonly ttlMs: number
}

/** An address of a host, IPv6 without brackets. */
export interface AddressRecord extends Owned<'A' | 'AAAA'> {
  readonly address: string
}

/** Where a service is (RFC 2782). */
export interface ServiceRecord extends Owned<'SRV'> {
  readonly priority: number
  readonly weight: number
  readonly port: number
  /** A name; `.` where there is decidedly no such service. */
  readonly target: string
}

/** One record. */
export type ResourceRecord =
  | AddressRecord
  | ServiceRecord
  | (Owned<'CNAME'> & { readonly target: string })
  | (Owned<'SOA'> & { /** How long it may be kept that there is nothing (RFC 2308, 4). */ readonly minimumMs: number })
  | Owned<'NS'>
  | (Owned<'OPT'> & { /** The upper bits of the message's code (RFC 6891, 6.1.3). */ readonly codeBits: number })

/** The numbers of the types that can be asked for. */
export const recordNumbers: Readonly<Record<'A' | 'AAAA' | 'SRV', number>> = { A: 1, AAAA: 28, SRV: 33 }

const internet = 1
// RFC 2181, 8: what would be negative in 32 bits is 0.
const mostSeconds = 2 ** 31 - 1

/** Reads one record; undefined for one of a type or class that nobody asked for. Throws an Error for one that makes no sense. */
export function readRecord(reader: MessageReader): ResourceRecord | undefined {
  const name = reader.name()
  const type = reader.short()
  const group = reader.short()
  const life = reader.long()
  const length = reader.short()
  const end = reader.at + length
  const record = readData(reader, { name, type, group, life, length })
  if (record === undefined) reader.skip(length)
  else if (reader.at !== end) throw new Error('the data of a record is not as long as it says')
  return record
}

/** What stands before the data of a record. */
interface Head {
  readonly name: string
  readonly type: number
  readonly group: number
  readonly life: number
  readonly length: number
}

function readData(reader: MessageReader, { name, type, group, life, length }: Head): ResourceRecord | undefined {
  const ttlMs = life > mostSeconds ? 0 : life * 1_000
  if (type === 41) {
    reader.skip(length)
    return { type: 'OPT', name, ttlMs: 0, codeBits: (life >>> 24) << 4 }
  }
  if (group !== internet) return undefined
  switch (type) {
    case recordNumbers.A:
      return { type: 'A', name, ttlMs, address: [reader.byte(), reader.byte(), reader.byte(), reader.byte()].join('.') }
    case 2:
      reader.name()
      return { type: 'NS', name, ttlMs }
    case 5:
      return { type: 'CNAME', name, ttlMs, target: reader.name() }
    case 6:
      reader.name()
      reader.name()
      reader.skip(16)
      return { type: 'SOA', name, ttlMs, minimumMs: reader.long() * 1_000 }
    case recordNumbers.AAAA:
      return { type: 'AAAA', name, ttlMs, address: readSixteen(reader) }
    case recordNumbers.SRV:
      return {
        type: 'SRV',
        name,
        ttlMs,
        priority: reader.short(),
        weight: reader.short(),
        port: reader.short(),
        target: reader.name(),
      }
  }
  return undefined
}

/** An IPv6 address as RFC 5952 writes it: the URL standard does the same. */
function readSixteen(reader: MessageReader): string {
  const groups = Array.from({ length: 8 }, () => reader.short().toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
