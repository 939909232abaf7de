// Tests of console-message.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { format } from 'node:util'
import { consoleMessage } from './console-message.ts'

describe('what was given to the console', () => {
  it('is formatted as the console does', () => {
    const given: unknown[][] = [
      [],
      ['a %s b %d %i %f %j %o %O %c %%', 'x', 1, 2.5, 3.5, { a: 1 }, [1], { b: 2 }, 'css'],
      ['100%', 7],
      ['a', { b: [1, { c: 2 }] }, null, undefined, 7n, Symbol('s')],
      [{ a: 1 }, 'b'],
      ['%s', { a: 1 }],
    ]
    for (const args of given) assert.deepEqual(consoleMessage(args), { message: format(...args), fields: undefined })
  })

  it('has its first error as a field, and each as a line of the message', () => {
    const error = new TypeError('failed')
    const other = new Error('refused')
    assert.deepEqual(consoleMessage([error]), { message: 'TypeError: failed', fields: { error } })
    assert.deepEqual(consoleMessage(['order', 7, error]), { message: 'order 7 TypeError: failed', fields: { error } })
    for (const verb of ['%s', '%o', '%O'])
      assert.deepEqual(consoleMessage([`order ${verb}!`, error]), {
        message: 'order TypeError: failed!',
        fields: { error },
      })
    assert.deepEqual(consoleMessage(['both:', error, other]), {
      message: 'both: TypeError: failed refused',
      fields: { error },
    })
  })

  it('never throws, whatever it is', () => {
    const hostile = {
      get a(): never {
        throw new Error('getter')
      },
      toString(): never {
        throw new Error('no text')
      },
      [Symbol.for('nodejs.util.inspect.custom')](): never {
        throw new Error('cannot be shown')
      },
    }
    assert.equal(consoleMessage(['x', hostile]).message, '[threw: cannot be shown]')
    assert.match(consoleMessage(['%s', hostile]).message, /^\[threw: /)
    const proxy = new Proxy({}, { get: () => assert.fail('looked') })
    assert.equal(typeof consoleMessage([proxy]).message, 'string')
  })
})
