import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeReply, type ZoneRecord } from '../../../test/platform/scripted-dns.ts'
import { MessageReader } from './message-reader.ts'
import { type ResourceRecord, readRecord } from './resource-record.ts'

const question = { id: 1, name: 'x', type: 'A' }

/** The octets of one record, and a reader before them. */
function begin(record: ZoneRecord): { readonly bytes: Uint8Array; readonly reader: MessageReader } {
  const bytes = encodeReply(question, { answers: [record] })
  return { bytes, reader: readerOf(bytes) }
}

function readerOf(bytes: Uint8Array): MessageReader {
  const reader = new MessageReader(bytes)
  reader.at = 12 + 3 + 4
  return reader
}

function read(record: ZoneRecord): ResourceRecord | undefined {
  const { bytes, reader } = begin(record)
  const found = readRecord(reader)
  assert.equal(reader.at, bytes.length)
  return found
}

describe('readRecord', () => {
  it('reads what instances are found with', () => {
    assert.deepEqual(read(['a.x', 5, 'A', '10.0.0.255']), {
      type: 'A',
      name: 'a.x',
      ttlMs: 5_000,
      address: '10.0.0.255',
    })
    assert.deepEqual(read(['x', 0, 'SRV', 1, 65_535, 80, 'Host.Example']), {
      type: 'SRV',
      name: 'x',
      ttlMs: 0,
      priority: 1,
      weight: 65_535,
      port: 80,
      target: 'host.example',
    })
    assert.deepEqual(read(['x', 1, 'CNAME', 'y.example']), {
      type: 'CNAME',
      name: 'x',
      ttlMs: 1_000,
      target: 'y.example',
    })
    assert.deepEqual(read(['x', 9, 'SOA', 3]), { type: 'SOA', name: 'x', ttlMs: 9_000, minimumMs: 3_000 })
    assert.deepEqual(read(['x', 9, 'NS', 'ns.example']), { type: 'NS', name: 'x', ttlMs: 9_000 })
  })

  it('writes IPv6 addresses in their short form', () => {
    const addressOf = (data: string) => (read(['x', 1, 'AAAA', data]) as { address: string }).address
    assert.equal(addressOf('2001:db8:0:0:0:0:0:1'), '2001:db8::1')
    assert.equal(addressOf('0:0:0:0:0:0:0:0'), '::')
    assert.equal(addressOf('1:2:3:4:5:6:7:8'), '1:2:3:4:5:6:7:8')
  })

  it('passes over what nobody asked for', () => {
    assert.equal(read(['x', 1, 'TXT', 'anything']), undefined)
    const { bytes, reader } = begin(['x', 1, 'A', '10.0.0.1'])
    bytes[bytes.length - 11] = 3
    assert.equal(readRecord(reader), undefined)
    assert.equal(reader.at, bytes.length)
  })

  it('takes a life that is negative in 32 bits for none', () => {
    assert.equal(read(['x', 2 ** 31, 'A', '10.0.0.1'])?.ttlMs, 0)
    assert.equal(read(['x', 2 ** 31 - 1, 'A', '10.0.0.1'])?.ttlMs, (2 ** 31 - 1) * 1_000)
  })

  const records: ZoneRecord[] = [
    ['x', 1, 'A', '10.0.0.1'],
    ['x', 1, 'AAAA', '1:2:3:4:5:6:7:8'],
    ['x', 1, 'SRV', 1, 2, 3, 'y'],
    ['x', 1, 'CNAME', 'y'],
    ['x', 1, 'SOA', 1],
    ['x', 1, 'NS', 'y'],
  ]
  for (const record of records)
    it(`refuses ${record[2]} data that is longer or shorter than it says`, () => {
      const { bytes } = begin(record)
      const lengthAt = 12 + 3 + 4 + 2 + 8
      for (const difference of [-1, 1]) {
        const wrong = Uint8Array.from([...bytes, 0, 0])
        const view = new DataView(wrong.buffer)
        view.setUint16(lengthAt, view.getUint16(lengthAt) + difference)
        assert.throws(() => readRecord(readerOf(wrong)), /not as long as it says/)
      }
    })
})
