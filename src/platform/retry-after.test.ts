// Tests of retry-after.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryAfterMsOf } from './retry-after.ts'

const headers = (entries: Readonly<Record<string, string>> = {}) => new Map(Object.entries(entries))

describe('retryAfterMsOf', () => {
  const now = Date.UTC(2026, 0, 1)
  const wait = (text: string) => retryAfterMsOf(headers({ 'retry-after': text }), now)

  it('reads whole seconds', () => {
    assert.deepEqual([wait('0'), wait('1'), wait('120')], [0, 1_000, 120_000])
  })

  it('reads a date, as the time from now until then', () => {
    assert.equal(wait(new Date(now + 5_000).toUTCString()), 5_000)
    assert.equal(wait(new Date(now).toUTCString()), 0)
  })

  it('is no wait when the date has passed', () => {
    assert.equal(wait(new Date(now - 5_000).toUTCString()), 0)
  })

  it('is undefined when there is none, or when it is neither', () => {
    for (const text of ['', 'soon', '5 seconds', '1e3', '99999999999', '1.5', '-5', 'soon 5'])
      assert.equal(wait(text), undefined, text)
    assert.equal(retryAfterMsOf(headers(), now), undefined)
    assert.equal(retryAfterMsOf(new Headers(), now), undefined)
  })
})
