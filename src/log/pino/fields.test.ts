// Tests of fields.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { BoundFields } from '../log-record.ts'
import { LoggedError } from '../log-value.ts'
import { looksLikeHttp, pinoChild, pinoFields } from './fields.ts'

describe('fields for pino', () => {
  it('are a copy behind others, in which errors have a type, and bytes are base64', () => {
    const error = new LoggedError('failed: refused', { name: 'TypeError', message: 'failed', stack: 'at', code: 7 })
    const others = { level: 'x' }
    const fields = pinoFields(others, { error, bytes: new Uint8Array([1, 2]), constructor: 'c' as never, n: null })
    assert.deepEqual(JSON.parse(JSON.stringify(fields)), {
      level: 'x',
      error: { type: 'TypeError', message: 'failed', stack: 'at', code: 7 },
      bytes: 'AQI=',
      constructor_: 'c',
      n: null,
    })
    assert.deepEqual(others, { level: 'x' })
  })

  it('that no child can bind go with each record, those of its parents too', () => {
    const root = { logger: pino({ enabled: false }), others: undefined }
    const one = pinoChild(root, new BoundFields(undefined, { service: 'orders' }))
    assert.equal(one.others, undefined)
    const two = pinoChild(one, new BoundFields(undefined, { level: 'high', a: 1 }))
    const three = pinoChild(two, new BoundFields(undefined, { serializers: 's', hasOwnProperty: 'h' as never }))
    assert.deepEqual(three.others, { level: 'high', serializers: 's' })
  })

  it('are known to look like a request', () => {
    assert.equal(looksLikeHttp({ method: 'GET', headers: {}, socket: 's' }), true)
    assert.equal(looksLikeHttp({ method: 'GET', headers: {} }), false)
  })
})
