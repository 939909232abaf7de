// Tests of instrument-names.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InstrumentNames } from './instrument-names.ts'

describe('names of instruments', () => {
  it('are those of metrics, as far as OpenTelemetry takes them', () => {
    const names = new InstrumentNames()
    assert.equal(names.claim('rpc.server.calls'), 'rpc.server.calls')
    assert.equal(names.claim('job:calls:rate5m'), 'job_calls_rate5m')
    assert.equal(names.claim('__up'), 'up')
    assert.equal(names.claim('rpc.server.calls'), 'rpc.server.calls')
    assert.equal(names.claim(`a${'b'.repeat(254)}`).length, 255)
  })

  it('are refused where they are none, or those of another metric', () => {
    const names = new InstrumentNames()
    names.claim('a:b')
    for (const name of ['a_b', '_a_b', 'A_B'])
      assert.throws(() => names.claim(name), /^TypeError: metric .* would be a_b to OpenTelemetry, as a:b is$/)
    for (const name of ['_', '_1', 'a'.repeat(256)])
      assert.throws(() => names.claim(name), /OpenTelemetry has names of 1 to 255 characters that begin with a letter$/)
  })
})
