import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leaseScript } from './lease-script.ts'

describe('leaseScript', () => {
  it('has the name that Redis gives it', () => {
    assert.match(leaseScript.sha, /^[0-9a-f]{40}$/)
    assert.match(leaseScript.text, /redis\.call\('TIME'\)/)
  })
})
