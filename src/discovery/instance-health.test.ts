import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Breaker, refused } from '../resilience/breaker.ts'
import { breakerSettings } from '../resilience/breaker-settings.ts'
import { refusedTicket } from './instance-health.ts'

it('refuses a call by what no breaker gives as a ticket', () => {
  assert.equal(refusedTicket, refused)
  assert.notEqual(new Breaker(breakerSettings({})).ticket, refusedTicket)
})
