// Tests of timer-entry.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TimerEntry } from './timer-entry.ts'

const task = { run() {} }

function listed(sentinel: TimerEntry): TimerEntry[] {
  const entries: TimerEntry[] = []
  for (let entry = sentinel.next; entry !== sentinel; entry = entry.next) entries.push(entry)
  return entries
}

describe('TimerEntry', () => {
  it('is in no list at first', () => {
    assert.equal(new TimerEntry(1, task, false).linked, false)
  })

  it('forms a list in the order of appending, and takes its slot', () => {
    const sentinel = TimerEntry.sentinel(7)
    const entries = [1, 2, 3].map((at) => new TimerEntry(at, task, false))
    for (const entry of entries) sentinel.append(entry)
    assert.deepEqual(listed(sentinel), entries)
    assert.ok(entries.every((entry) => entry.linked && entry.slot === 7))
  })

  it('leaves its list from any place, and says whether that emptied it', () => {
    const sentinel = TimerEntry.sentinel(0)
    const [a, b, c] = [new TimerEntry(1, task, false), new TimerEntry(2, task, false), new TimerEntry(3, task, false)]
    for (const entry of [a, b, c]) sentinel.append(entry)
    assert.equal(b.unlink(), false)
    assert.deepEqual(listed(sentinel), [a, c])
    assert.equal(a.unlink(), false)
    assert.equal(c.unlink(), true)
    assert.deepEqual(
      [a, b, c, sentinel].map((entry) => entry.linked),
      [false, false, false, false],
    )
  })

  it('references neither its neighbours nor what it ran once it is dropped', () => {
    const sentinel = TimerEntry.sentinel(0)
    const entry = new TimerEntry(1, task, false)
    sentinel.append(entry)
    entry.unlink()
    entry.forget()
    assert.equal(entry.next, entry)
    assert.equal(entry.previous, entry)
    assert.notEqual(entry.task, task)
  })
})
