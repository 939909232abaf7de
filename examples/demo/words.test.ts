import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Event, grouped, inWords, milliseconds, percent, seconds } from './words.ts'

const killed: Event = {
  kind: 'killed',
  instance: 'b',
  atMs: 3_000,
  callsLost: 0,
  failedThere: 3,
  retriedOn: { a: 2, c: 1 },
  lastCallAfterMs: 40,
  circuitOpenAfterMs: 210,
  outAfterMs: 812,
}
const added: Event = {
  kind: 'added',
  instance: 'd',
  atMs: 1,
  callsLost: 0,
  foundAfterMs: 640,
  shareAfterMs: 300,
  share: 0.31,
  shareOverMs: 1_000,
}
const slowed: Event = {
  kind: 'slowed',
  instance: 'c',
  atMs: 1,
  callsLost: 0,
  byMs: 100,
  shareBefore: 0.4,
  shareBeforeOverMs: 4_000,
  shareAfter: 0.01,
  shareAfterOverMs: 2_000,
  fellAfterMs: 1_240,
}
const restarted: Event = {
  kind: 'restarted',
  instance: 'a',
  atMs: 1,
  callsLost: 0,
  failedThere: 0,
  retried: 0,
  outAfterMs: 5,
  endedAfterMs: 2_040,
  backAfterMs: 2_960,
}

describe('words', () => {
  it('tells what came of what happened', () => {
    assert.deepEqual([killed, added, slowed, restarted].map(inWords), [
      'b killed: 3 calls failed there and went to a and c instead; its circuit open after 0.2 s, out of the set after 0.8 s.',
      'd added: found 0.6 s after its start; 0.3 s later it had 31 % of the calls of the last 1 s.',
      'c slow by 100 ms: its share of the calls went from 40 % in the 4 s before to 1 % in the last 2 s, most of that within 1.2 s.',
      'a restarted: out of the set after 5 ms, ended after 2.0 s, back after 3.0 s; no call failed or had to be retried.',
    ])
  })

  it('tells what did not come of it', () => {
    const never = undefined
    assert.deepEqual(
      [
        { ...killed, failedThere: 0, retriedOn: {}, circuitOpenAfterMs: never },
        { ...killed, failedThere: 1, retriedOn: { c: 1 }, circuitOpenAfterMs: never, outAfterMs: never, callsLost: 1 },
        { ...added, foundAfterMs: never },
        { ...added, shareAfterMs: never, share: 0.02 },
        { ...slowed, shareAfter: 0.39, fellAfterMs: never },
        { ...restarted, failedThere: 2, retried: 3, outAfterMs: never, backAfterMs: never, callsLost: 2 },
      ].map(inWords),
      [
        'b killed: no call was there then; called for 40 ms more, out of the set after 0.8 s.',
        'b killed: 1 call failed there and went to c instead; called for 40 ms more, and still in the set. 1 call failed meanwhile.',
        'd added: it was not found.',
        'd added: found 0.6 s after its start; in the end it had 2 % of the calls of the last 1 s.',
        'c slow by 100 ms: its share of the calls went from 40 % in the 4 s before to 39 % in the last 2 s.',
        'a restarted: ended after 2.0 s, not back; 2 calls failed there, 3 retried. 2 calls failed meanwhile.',
      ],
    )
  })

  it('writes figures', () => {
    assert.deepEqual([-1, 49, 50, 1_250].map(seconds), ['0 ms', '49 ms', '0.1 s', '1.3 s'])
    assert.deepEqual([0.04, 9.94, 9.96, Number.NaN].map(milliseconds), ['0.0 ms', '9.9 ms', '10 ms', '-'])
    assert.deepEqual([0, 0.005, 1].map(percent), ['0 %', '1 %', '100 %'])
    assert.deepEqual([0, 999, 1_000, 1_234_567].map(grouped), ['0', '999', '1,000', '1,234,567'])
  })
})
