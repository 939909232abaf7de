// Tests of message.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messageOf } from '../../../test/platform/syslog.ts'
import { jsonSink } from '../json/sink.ts'
import { messages } from './message.ts'
import { checkedSyslogOptions, type SyslogOptions } from './options.ts'

const record = {
  at: Date.UTC(2026, 10, 21, 17, 4, 5, 123),
  level: 'warn',
  message: 'order\nplaced',
  bound: undefined,
  fields: { items: 3, by: 'ada' },
} as const
const sender = { hostname: 'h', appName: 'a', processId: '1' }
const made = (options: SyslogOptions, given: Parameters<ReturnType<typeof messages>>[0] = record) =>
  messages(checkedSyslogOptions({ ...sender, ...options }))(given)

describe('a message', () => {
  it('is one of RFC 5424, with structured data', () => {
    const head = '<12>1 2026-11-21T17:04:05.123Z h a 1'
    assert.equal(made({}), `${head} - [fields@32473 items="3" by="ada"] order\\nplaced`)
    assert.equal(made({ structuredDataId: 'o@1.2' }), `${head} - [o@1.2 items="3" by="ada"] order\\nplaced`)
    assert.equal(
      made({ messageId: ({ level }) => level.toUpperCase() }),
      `${head} WARN [fields@32473 items="3" by="ada"] order\\nplaced`,
    )
    assert.equal(made({ byteOrderMark: true }), `${head} - [fields@32473 items="3" by="ada"] \ufefforder\\nplaced`)
  })

  it('has the text that another sink writes, and then no structured data', () => {
    const body: SyslogOptions['body'] = (to) => jsonSink(to, { timeKey: false, levelKey: false })
    assert.equal(
      made({ body }),
      '<12>1 2026-11-21T17:04:05.123Z h a 1 - - {"msg":"order\\nplaced","items":3,"by":"ada"}',
    )
    const lines: SyslogOptions['body'] = (to) => ({ write: () => void to.write('a\nb\n') })
    assert.match(made({ body: lines }), / - - a\\nb$/)
  })

  it('is one of RFC 3164, with logfmt', () => {
    assert.match(
      made({ format: 'rfc3164' }),
      /^<12>Nov 2[12] \d\d:\d\d:05 h a\[1\]: msg="order\\nplaced" items=3 by=ada$/,
    )
  })

  it('is as long as receivers take, counted in bytes', () => {
    const long = { ...record, message: '語'.repeat(5_000) }
    for (const [url, bytes] of [
      ['udp://h', 2_048],
      ['tcp://h', 8_192],
    ] as const) {
      const message = made({ url }, long)
      assert.ok(Buffer.byteLength(message) <= bytes && Buffer.byteLength(message) > bytes - 4)
      assert.deepEqual(messageOf(message).element?.params, [
        ['items', '3'],
        ['by', 'ada'],
      ])
    }
    const fits = { ...record, message: 'x'.repeat(600), fields: undefined }
    assert.equal(messageOf(made({ maxMessageBytes: 700 }, fits)).text, fits.message)
    assert.equal(Buffer.byteLength(made({ maxMessageBytes: 480 }, fits)), 480)
  })
})
