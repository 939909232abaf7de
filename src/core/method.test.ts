// Tests of method.ts: what each kind says of the two directions, and the method that stands in where there is none.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Kind, noMethod, returnsStream, sendsStream } from './method.ts'

const directions: Readonly<Record<Kind, readonly [sends: boolean, returns: boolean]>> = {
  unary: [false, false],
  serverStream: [false, true],
  clientStream: [true, false],
  bidiStream: [true, true],
}

describe('a kind', () => {
  for (const [kind, [sends, returns]] of Object.entries(directions) as [Kind, readonly [boolean, boolean]][]) {
    it(`${kind} ${sends ? 'sends' : 'does not send'} and ${returns ? 'returns' : 'does not return'} a stream`, () => {
      assert.equal(sendsStream({ ...noMethod, kind }), sends)
      assert.equal(returnsStream({ ...noMethod, kind }), returns)
    })
  }
})

describe('noMethod', () => {
  it('has no name, is not repeated and cannot be changed', () => {
    assert.deepEqual(noMethod, {
      service: '',
      name: '',
      fullName: '',
      kind: 'unary',
      idempotent: false,
      timeoutMs: undefined,
      streamLimits: undefined,
      failed: undefined,
    })
    assert.ok(Object.isFrozen(noMethod))
  })
})
