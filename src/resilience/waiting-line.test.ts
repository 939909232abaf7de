// Tests of waiting-line.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type InLine, WaitingLine } from './waiting-line.ts'

interface Named extends InLine<Named> {
  readonly name: string
}

function lineOf(names: string) {
  const line = new WaitingLine<Named>()
  const waiters = [...names].map((name): Named => ({ name, older: undefined, newer: undefined }))
  for (const waiter of waiters) line.append(waiter)
  return { line, waiters }
}

function remove({ line, waiters }: ReturnType<typeof lineOf>, name: string): void {
  const found = waiters.find((waiter) => waiter.name === name)
  assert.ok(found)
  line.remove(found)
}

/** All that is left, by taking the oldest again and again. */
function drained(line: WaitingLine<Named>): string {
  let names = ''
  for (let { oldest } = line; oldest !== undefined; { oldest } = line) {
    names += oldest.name
    line.remove(oldest)
  }
  assert.equal(line.newest, undefined)
  return names
}

describe('WaitingLine', () => {
  it('has nobody at its ends at first', () => {
    const { line } = lineOf('')
    assert.equal(line.oldest, undefined)
    assert.equal(line.newest, undefined)
  })

  it('keeps the order in which they came', () => {
    assert.equal(drained(lineOf('abcd').line), 'abcd')
  })

  it('can be left at both ends and from the middle', () => {
    for (const [name, rest] of [
      ['a', 'bcd'],
      ['c', 'abd'],
      ['d', 'abc'],
    ] as const) {
      const made = lineOf('abcd')
      remove(made, name)
      assert.equal(made.line.newest?.name, rest.at(-1))
      assert.equal(drained(made.line), rest)
    }
  })
})
