// Tests of stdout.ts; where the lines go is seen in processes of their own, in test/scenarios/log.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stderr, stdout } from './stdout.ts'

for (const standard of [stdout, stderr]) {
  describe(standard.name, () => {
    it('writes nothing by itself, and leaves the stream of the process usable', async () => {
      const stream = standard()
      await stream[Symbol.asyncDispose]()
      stream.write('too late\n')
      assert.equal(stream.dropped, 1)
      assert.equal(process[standard.name as 'stdout'].writable, true)
    })

    it('refuses options that make no sense', () => {
      assert.throws(() => standard({ maxPendingBytes: 1 }), /^RangeError: maxPendingBytes/)
    })
  })
}
