// Tests of hooks.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes } from '../core/codes.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { printFault } from './hooks.ts'

describe('printFault', () => {
  it('prints what was thrown for faults of the service, and nothing for what callers do wrong', (t) => {
    const printed = t.mock.method(console, 'error', () => {})
    const thrown = new Error('secret')
    const method = { ...noMethod, fullName: 'shop/price' }
    const ctx = rootContext({ method })
    for (const code of Object.keys(codes) as Code[])
      printFault({ ctx, method, stage: 'method', error: new ServiceError(code), thrown })
    const calls = printed.mock.calls.map(({ arguments: [text, error] }) => {
      assert.equal(error, thrown)
      return String(text)
    })
    assert.deepEqual(calls, [
      'servicekit: shop/price failed with unknown:',
      'servicekit: shop/price failed with internal:',
      'servicekit: shop/price failed with data_loss:',
    ])
  })
})
