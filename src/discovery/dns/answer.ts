// Answer: what a DNS server says to one question, and nothing that was said to another one (RFC 1035, 4.1; RFC 5452, 9.1).
import { MessageReader } from './message-reader.ts'
import type { Query } from './query.ts'
import { type ResourceRecord, readRecord, recordNumbers } from './resource-record.ts'

/** What a server says. */
export interface Answer {
  /** 0 for success, 3 for a name that does not exist; the others are failures. */
  readonly code: number
  /** Whether it did not fit, and must be asked for over TCP. Then there are no records. */
  readonly isTruncated: boolean
  /** Whether the server owns the name. */
  readonly isAuthoritative: boolean
  readonly answers: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
}

/** The codes that say something of the name. */
export const answerCodes: Readonly<Record<'success' | 'noSuchName', number>> = { success: 0, noSuchName: 3 }

/** Reads an answer. Throws an Error for what is none, or none to this question: a stranger's, a late one, garbage. */
export function readAnswer(bytes: Uint8Array, query: Query): Answer {
  const reader = new MessageReader(bytes)
  if (reader.short() !== query.id) throw new Error('it answers another question: the id differs')
  const flags = reader.short()
  if ((flags & 0xf800) !== 0x8000) throw new Error('it is no answer')
  const questions = reader.short()
  const counts = [reader.short(), reader.short(), reader.short()] as const
  const head = {
    code: flags & 0x0f,
    isTruncated: (flags & 0x0200) !== 0,
    isAuthoritative: (flags & 0x0400) !== 0,
    answers: [],
    authority: [],
    additional: [],
  }
  const saysOfTheName = Object.values(answerCodes).includes(head.code)
  // A server that did not understand the question may leave it out.
  if (questions !== 0 || saysOfTheName) checkQuestion(reader, questions, query)
  if (head.isTruncated || !saysOfTheName) return head
  const [answers, authority, additional] = counts.map((count) => readRecords(reader, count)) as [
    ResourceRecord[],
    ResourceRecord[],
    ResourceRecord[],
  ]
  const extension = additional.find((record) => record.type === 'OPT')
  return { ...head, code: head.code | (extension?.codeBits ?? 0), answers, authority, additional }
}

function checkQuestion(reader: MessageReader, questions: number, { name, type }: Query): void {
  const isSame =
    questions === 1 && reader.name() === name && reader.short() === recordNumbers[type] && reader.short() === 1
  if (!isSame) throw new Error('it answers another question')
}

/** However many a message claims to have, each one takes some of its octets. */
function readRecords(reader: MessageReader, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = []
  for (let left = count; left > 0; left--) {
    const record = readRecord(reader)
    if (record !== undefined) records.push(record)
  }
  return records
}
