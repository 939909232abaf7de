// Tests of attributes.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedError } from '../log-value.ts'
import { addAttributes } from './attributes.ts'
import type { OtelAttributes } from './logger.ts'

const made = (fields: Parameters<typeof addAttributes>[1], errorKey: string | false = 'error') => {
  const attributes: OtelAttributes = {}
  addAttributes(attributes, fields, errorKey)
  return attributes
}

const failed = new LoggedError('failed: refused: 7', {
  name: 'TypeError',
  message: 'failed',
  stack: 'TypeError: failed\n    at a',
  cause: { name: 'Error', message: 'refused', cause: 7 },
})

describe('attributes', () => {
  it('are fields as they are, lists, objects and bytes among them', () => {
    const fields = {
      a: 'x',
      n: 1.5,
      ok: true,
      no: null,
      list: [1, 'b', null],
      tree: { b: { c: [1] } },
      bytes: new Uint8Array([1]),
      gone: undefined,
    }
    const { gone: _, ...expected } = fields
    assert.deepEqual(made(fields), expected)
  })

  it('are JSON where the SDK would refuse an object, or make another of it', () => {
    const odd = JSON.parse('{ "a": [{ "constructor": 1 }], "b": { "__proto__": { "c": 2 } } }')
    assert.deepEqual(made({ ...odd, error: 'no error' }), {
      a: '[{"constructor":1}]',
      b: '{"__proto__":{"c":2}}',
      error: 'no error',
    })
  })

  it('have the error of the record as its exception, with its causes behind its stack', () => {
    const expected = {
      'exception.type': 'TypeError',
      'exception.message': 'failed',
      'exception.stacktrace': 'TypeError: failed\n    at a\nCaused by: Error: refused\nCaused by: 7',
    }
    assert.deepEqual(made({ error: failed, n: 1 }), { n: 1, ...expected })
    assert.deepEqual(made({ err: failed }, 'err'), expected)
  })

  it('have other errors as objects', () => {
    assert.deepEqual(made({ error: failed }, false), { error: failed.details })
    assert.deepEqual(made({ other: failed }), { other: failed.details })
  })
})
