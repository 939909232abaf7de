import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withoutStack } from './without-stack.ts'

describe('withoutStack', () => {
  it('makes an error with a message and no stack', () => {
    const error = withoutStack(() => new TypeError('wrong'))
    assert.equal(error.stack, 'TypeError: wrong')
  })

  it('leaves the stacks of others alone, also when making throws', () => {
    const before = Error.stackTraceLimit
    assert.throws(() =>
      withoutStack(() => {
        throw new Error('worse')
      }),
    )
    assert.equal(Error.stackTraceLimit, before)
    assert.ok((new Error('other').stack?.split('\n').length ?? 0) > 1)
  })
})
