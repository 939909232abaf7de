// Tests of outbound.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { callContext, rootContext, servedContext } from '../core/context.ts'
import { contextKey } from '../core/context-key.ts'
import { attempt, Inbound, requestId } from '../core/inbound.ts'
import { noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { outboundHeaders, outboundTimeoutMs } from './outbound.ts'

const clock = manualClock({ startAt: 1_000 })

describe('outboundHeaders', () => {
  it('has nothing to say for a call that carries nothing', () => {
    assert.deepEqual([...outboundHeaders(rootContext({ clock }))], [])
  })

  it('holds what the context carries and what the call adds, by lower-case name, and the call has the last word', () => {
    const tenant = contextKey('tenant', { scope: 'wire', fallback: '' })
    const ctx = callContext(rootContext({ clock }).with(tenant, 'a b').with(requestId, 'r-1'), noMethod, Infinity)
      .with(attempt, 2)
      .with(callOptions, { headers: { 'X-Mine': 'yes', 'request-id': 'r-2' } })
    assert.deepEqual(Object.fromEntries(outboundHeaders(ctx)), {
      baggage: 'tenant=a%20b',
      'request-attempt': '2',
      'request-id': 'r-2',
      'x-mine': 'yes',
    })
  })

  it('passes on what the served call brought, and not what was only for that hop', () => {
    const brought = new Map([
      ['request-id', 'r-7'],
      ['request-attempt', '3'],
      ['baggage', 'a=1'],
      ['x-other', 'no'],
    ])
    const served = servedContext(rootContext({ clock }), noMethod, Infinity, new Inbound(brought, 'peer', false))
    const ctx = callContext(served, noMethod, Infinity)
    assert.deepEqual(Object.fromEntries(outboundHeaders(ctx)), { 'request-id': 'r-7', baggage: 'a=1' })
  })
})

describe('outboundTimeoutMs', () => {
  it('rounds down, but never to nothing', () => {
    const left = (ms: number) => outboundTimeoutMs(rootContext({ clock, deadlineAt: 1_000 + ms }), 1_000)
    assert.deepEqual([left(250.9), left(1), left(0.4)], [250, 1, 1])
  })

  it('is undefined without a deadline', () => {
    assert.equal(outboundTimeoutMs(rootContext({ clock }), 1_000), undefined)
  })

  it('refuses a call that has no time left, and says that it was not sent', () => {
    for (const deadlineAt of [1_000, 999.5, 0]) {
      assert.throws(() => outboundTimeoutMs(rootContext({ clock, deadlineAt }), 1_000), {
        code: 'deadline_exceeded',
        retry: 'safe',
      })
    }
  })
})
