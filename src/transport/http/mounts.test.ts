// Tests of mounts.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { mounted } from '../dispatch.ts'
import { httpHandler } from './handler.ts'
import { mountsOf } from './mounts.ts'

const one = contract('one', { call: unary.of<void, void>() })
const two = contract('two', { call: unary.of<void, void>() })
const served = endpoints(one, { call: () => {} })
const handler = httpHandler('/h', () => new Response())

describe('mountsOf', () => {
  it('gives the methods of the contract, and what else is mounted', () => {
    const mount = [handler, mounted(two, endpoints(two, { call: () => {} }))]
    const { mounts, options } = mountsOf(one, served, { mount })
    assert.deepEqual(
      mounts.map(({ info }) => info.fullName),
      ['one/call', 'http/* /h', 'two/call'],
    )
    assert.deepEqual(options, { mount })
    assert.deepEqual(mountsOf({ mount: [handler] }, undefined, undefined).mounts, [handler])
    assert.equal(mountsOf(one, served, undefined).mounts.length, 1)
  })

  it('refuses what is none of it, and says what is', () => {
    const refused = (message: RegExp) => ({ name: 'TypeError', message })
    assert.throws(() => mountsOf(one, undefined, undefined), refused(/contract one: its endpoints are missing/))
    assert.throws(() => mountsOf({ mount: {} as never }, undefined, undefined), refused(/^mount must be a list/))
    for (const wrong of [() => {}, one, {}, null, 5]) {
      assert.throws(
        () => mountsOf({ mount: [wrong as never] }, undefined, undefined),
        refused(/^mount takes what mounted/),
      )
    }
  })
})
