// Tests of event-line.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type DogstatsdEvent, eventLine } from './event-line.ts'

const nobody = { tags: {}, origin: '' }
const lineOf = (event: DogstatsdEvent, maxBytes = 1_432) => eventLine(event, nobody, maxBytes)

/** Reads as Datadog's Agent does: by bytes, and with line feeds put back. */
function read(line: string): { title: string; text: string; fields: string[] } {
  const bytes = Buffer.from(line.slice(0, -1))
  const [header = '', title = '0', text = '0'] = /^_e\{(\d+),(\d+)\}:/.exec(line) ?? []
  const titleEnd = header.length + Number(title)
  const textEnd = titleEnd + 1 + Number(text)
  const clean = (start: number, end: number) => {
    const part = bytes.subarray(start, end).toString()
    assert.ok(!part.includes('\ufffd'), line)
    return part.replaceAll('\\n', '\n')
  }
  assert.ok(header !== '' && bytes[titleEnd] === 0x7c && bytes.length >= textEnd, line)
  const fields = bytes.subarray(textEnd).toString().split('|')
  assert.equal(fields.shift(), '', line)
  return { title: clean(header.length, titleEnd), text: clean(titleEnd + 1, textEnd), fields }
}

describe('an event', () => {
  it('is a title and a text with their lengths', () => {
    assert.equal(lineOf({ title: 'Deployed', text: 'Version 2' }), '_e{8,9}:Deployed|Version 2\n')
    assert.equal(lineOf({ title: 'Deployed' }), '_e{8,0}:Deployed|\n')
  })

  it('has lengths in bytes, and keeps line feeds', () => {
    assert.equal(lineOf({ title: 'Grüße', text: 'a\nb\r\nc' }), '_e{7,7}:Grüße|a\\nb\\nc\n')
  })

  it('has all fields there are, and the tags of the sender', () => {
    const line = eventLine(
      {
        title: 'Deployed',
        text: 'a|b',
        happenedAt: 1_700_000_000_999,
        hostname: 'web|1',
        aggregationKey: 'deploys',
        priority: 'low',
        sourceType: 'nginx',
        alertType: 'success',
        tags: { env: 'test', by: 'a,b' },
      },
      { tags: { env: 'prod', team: 'shop' }, origin: '|c:ci-01' },
      1_432,
    )
    const fields = 'd:1700000000|h:web_1|k:deploys|p:low|s:nginx|t:success|#env:test,team:shop,by:a_b|c:ci-01'
    assert.equal(line, `_e{8,3}:Deployed|a|b|${fields}\n`)
  })

  it('cuts its text off where the packet ends', () => {
    for (let maxBytes = 20; maxBytes < 60; maxBytes++) {
      const line = lineOf({ title: 'T', text: 'ä\n'.repeat(1_000), alertType: 'error' }, maxBytes)
      assert.ok(Buffer.byteLength(line) - 1 <= Math.max(maxBytes, '_e{1,0}:T||t:error'.length), line)
      const { text, fields } = read(line)
      assert.ok(text === '' || /^[ä\n]*…$/.test(text), JSON.stringify(text))
      assert.deepEqual(fields, ['t:error'])
    }
  })

  it('is read again as it was, whatever is in it', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((value) => !/[\0\r\\\u0085\u2028\u2029]/.test(value))
    fc.assert(
      fc.property(text, text, (title, words) => {
        const shown = read(lineOf({ title, text: words }, 60_000))
        assert.deepEqual([shown.title, shown.text], [title.toWellFormed(), words.toWellFormed()])
      }),
      { seed: 8 },
    )
  })

  it('is refused when it makes no sense', () => {
    for (const [event, message] of [
      [{ title: '' }, /^title of an event must be/],
      [{}, /^title of an event must be/],
      [{ title: 'a', text: 1 }, /^text of an event must be/],
      [{ title: 'a', priority: 'high' }, /^priority must be one of normal, low/],
      [{ title: 'a', alertType: 'bad' }, /^alertType must be one of/],
      [{ title: 'a', happenedAt: NaN }, /^happenedAt must be milliseconds since the epoch/],
      [{ title: 'a', tags: { 'a b': 1 } }, /^tags of an event: a key must be/],
    ] as const)
      assert.throws(() => lineOf(event as never), { name: 'TypeError', message })
  })
})
