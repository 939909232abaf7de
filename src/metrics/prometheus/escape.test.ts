// Tests of escape.ts: texts that break out of nothing, and come back as they were.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { escapeHelp, escapeLabel } from './escape.ts'

/** Much of what is special, and all else. */
const text = fc.oneof(fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', 'é', '🙂', '\r') }), fc.string())

describe('escapeLabel', () => {
  it('escapes backslash, quote and line feed, and nothing else', () => {
    assert.equal(escapeLabel('C:\\n\n"ä"\r\t{}=,'), 'C:\\\\n\\n\\"ä\\"\r\t{}=,')
  })

  it('is read back as it was', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const page = `# TYPE up gauge\nup{a="${escapeLabel(a)}",b="${escapeLabel(b)}"} 1\n`
        assert.deepEqual(parsePage(page, 'text')[0]?.samples[0]?.labels, { a, b })
      }),
    )
  })
})

describe('escapeHelp', () => {
  it('escapes quotes in OpenMetrics alone', () => {
    assert.equal(escapeHelp('a "b"\\\n', 'text'), 'a "b"\\\\\\n')
    assert.equal(escapeHelp('a "b"\\\n', 'openmetrics'), 'a \\"b\\"\\\\\\n')
  })

  it('is read back as it was', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('text', 'openmetrics'), (help, format) => {
        const page = `# HELP up ${escapeHelp(help, format)}\n# TYPE up gauge\n${format === 'text' ? '' : '# EOF\n'}`
        assert.equal(parsePage(page, format)[0]?.help, help)
      }),
    )
  })
})
