import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeReply, type Reply } from '../../../test/platform/scripted-dns.ts'
import { readAnswer } from './answer.ts'
import type { Query } from './query.ts'

const asked: Query = { name: '_http._tcp.svc.example', type: 'SRV', id: 0xbeef, isExtended: true }
const full: Reply = {
  answers: [
    [asked.name, 30, 'SRV', 0, 1, 80, 'h1.example'],
    [asked.name, 30, 'SRV', 1, 2, 81, 'h2.example'],
  ],
  authority: [['example', 60, 'NS', 'ns.example']],
  additional: [
    ['h1.example', 30, 'A', '10.0.0.1'],
    ['h2.example', 30, 'AAAA', '2001:db8:0:0:0:0:0:1'],
  ],
}
const bytesOf = (reply: Reply) => encodeReply(asked, reply)

describe('readAnswer', () => {
  it('reads all sections', () => {
    const answer = readAnswer(bytesOf(full), asked)
    assert.deepEqual([answer.code, answer.isTruncated, answer.isAuthoritative], [0, false, true])
    assert.deepEqual(
      [answer.answers, answer.authority, answer.additional].map((records) => records.map(({ type }) => type)),
      [['SRV', 'SRV'], ['NS'], ['A', 'AAAA']],
    )
  })

  it('knows the question in whatever letters it comes back', () => {
    const answer = readAnswer(encodeReply({ ...asked, name: '_HTTP._tcp.SVC.example' }, full), asked)
    assert.equal(answer.answers.length, 2)
  })

  it('refuses what answers another question', () => {
    for (const other of [{ id: 0xbeee }, { name: '_http._tcp.svc.examples' }, { type: 'A' }])
      assert.throws(() => readAnswer(encodeReply({ ...asked, ...other }, full), asked), /answers another question/)
    const bytes = bytesOf(full)
    bytes[12 + 25] = 3
    assert.throws(() => readAnswer(bytes, asked), /answers another question/)
  })

  it('refuses a question that comes back as it was, and other kinds of messages', () => {
    for (const flags of [0x01, 0x88]) {
      const bytes = bytesOf(full)
      bytes[2] = flags
      assert.throws(() => readAnswer(bytes, asked), /it is no answer/)
    }
  })

  it('refuses an answer without its question, or with two', () => {
    for (const questions of [0, 2]) {
      const bytes = bytesOf(full)
      bytes[5] = questions
      assert.throws(() => readAnswer(bytes, asked), /answers another question/)
    }
  })

  it('takes a failure without its question, and reads nothing else of one', () => {
    const bytes = Uint8Array.of(0xbe, 0xef, 0x80, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0)
    assert.deepEqual(readAnswer(bytes, asked), {
      code: 1,
      isTruncated: false,
      isAuthoritative: false,
      answers: [],
      authority: [],
      additional: [],
    })
  })

  it('reads no records of a message that was cut', () => {
    const bytes = bytesOf({ ...full, isTruncated: true }).subarray(0, 60)
    const answer = readAnswer(bytes, asked)
    assert.equal(answer.isTruncated, true)
    assert.deepEqual(answer.answers, [])
  })

  it('reads the whole code: a refusal whose upper bits are in an OPT record is no empty answer', () => {
    assert.equal(readAnswer(bytesOf({ codeBits: 1 }), asked).code, 16)
  })

  it('refuses every message that ends too early', () => {
    const bytes = bytesOf(full)
    for (let end = 0; end < bytes.length; end++)
      assert.throws(() => readAnswer(bytes.subarray(0, end), asked), Error, `${end} of ${bytes.length} octets`)
  })

  it('refuses counts that the message has no room for', () => {
    const bytes = bytesOf(full)
    bytes[6] = 0xff
    assert.throws(() => readAnswer(bytes, asked), Error)
  })

  it('throws an Error or gives records that make sense, whatever comes', () => {
    const whole = bytesOf(full)
    const changes = fc.array(fc.tuple(fc.integer({ min: 4, max: whole.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(changes, fc.uint8Array({ maxLength: 40 }), (changed, tail) => {
        const bytes = Buffer.concat([whole, tail])
        for (const [at, byte] of changed) bytes[at] = byte
        try {
          for (const record of readAnswer(bytes, asked).answers) {
            assert.ok(record.ttlMs >= 0 && record.ttlMs < 2 ** 31 * 1_000)
            if (record.type === 'SRV') assert.ok(record.port <= 0xffff && record.target !== '')
          }
        } catch (thrown) {
          assert.ok(thrown instanceof Error && thrown.name === 'Error', String(thrown))
        }
      }),
      { seed: 5452, numRuns: 3_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (garbage) => {
        garbage.set([0xbe, 0xef, 0x84, 0x00].slice(0, garbage.length))
        try {
          readAnswer(garbage, asked)
        } catch (thrown) {
          assert.ok(thrown instanceof Error && thrown.name === 'Error', String(thrown))
        }
      }),
      { seed: 5452, numRuns: 1_000 },
    )
  })

  it('reads the longest message there can be', () => {
    const many = Array.from(
      { length: 4_080 },
      (_, at) => ['x', 1, 'A', `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`] as const,
    )
    const question = { ...asked, name: 'x', type: 'A' as const }
    const bytes = encodeReply(question, { answers: many })
    assert.ok(bytes.length > 65_000 && bytes.length <= 65_535)
    assert.equal(readAnswer(bytes, question).answers.length, 4_080)
  })
})
