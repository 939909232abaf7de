import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callError, ServiceError } from '../core/errors.ts'
import { Inbound } from '../core/inbound.ts'
import { noteRefusal } from '../core/refusals.ts'
import { ofThisServer } from './of-this-server.ts'

describe('ofThisServer', () => {
  const call = (hasRun: boolean) => Object.assign(new Inbound(new Map(), '', false), { hasRun })
  const safe = () => new ServiceError('unavailable', 'refused', { retry: 'safe' })

  it('takes back what is no longer true once the handler has run', () => {
    const errors = [callError('other/method', 'unavailable', 'refused', { retry: 'safe' }), noteRefusal(safe())]
    for (const error of errors) assert.equal(ofThisServer(error, call(true)).retry, 'if_idempotent')
  })

  it('leaves what the handler says itself, and what was refused before it', () => {
    const own = safe()
    assert.equal(ofThisServer(own, call(true)), own)
    const refused = noteRefusal(safe())
    assert.equal(ofThisServer(refused, call(false)), refused)
    const never = new ServiceError('internal')
    assert.equal(ofThisServer(never, call(true)), never)
  })
})
