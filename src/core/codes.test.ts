// Tests of codes.ts: the list is that of gRPC, and what each code means holds together.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes, isCode } from './codes.ts'

const names = Object.keys(codes) as Code[]

function codesWith(member: 'breaker' | 'retry', value: string): Code[] {
  return names.filter((code) => codes[code][member] === value)
}

describe('codes', () => {
  it('are the sixteen of gRPC, in the order of their numbers', () => {
    assert.deepEqual(names, [
      'canceled',
      'unknown',
      'invalid_argument',
      'deadline_exceeded',
      'not_found',
      'already_exists',
      'permission_denied',
      'resource_exhausted',
      'failed_precondition',
      'aborted',
      'out_of_range',
      'unimplemented',
      'internal',
      'unavailable',
      'data_loss',
      'unauthenticated',
    ])
  })

  it('count against an instance only where the fault is its own', () => {
    const faults = ['unknown', 'deadline_exceeded', 'internal', 'unavailable', 'data_loss']
    assert.deepEqual(codesWith('breaker', 'failure'), faults)
    assert.equal(codesWith('breaker', 'ignored').length, names.length - faults.length)
  })

  it('allow a retry by themselves only where the work may have run without an answer', () => {
    assert.deepEqual(codesWith('retry', 'if_idempotent'), ['deadline_exceeded', 'unavailable'])
    assert.deepEqual(codesWith('retry', 'safe'), [], 'only who refused a call knows that it never ran')
    assert.equal(codesWith('retry', 'never').length, names.length - 2)
  })
})

describe('isCode', () => {
  it('knows every code', () => {
    assert.ok(names.every(isCode))
  })

  it('refuses what only looks like one', () => {
    const others = [
      'ok',
      'CANCELED',
      'cancelled',
      '',
      'toString',
      'constructor',
      '__proto__',
      ['internal'],
      new String('internal'),
    ]
    for (const value of [...others, 13, undefined, null, Symbol('internal'), {}]) assert.equal(isCode(value), false)
  })
})
