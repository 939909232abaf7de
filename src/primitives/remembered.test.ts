// Tests of remembered.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Remembered } from './remembered.ts'

/** What doubles texts, and how often it did. */
function doubling() {
  let made = 0
  const doubled = new Remembered((text) => {
    made++
    return text + text
  })
  return { doubled, made: () => made }
}

describe('Remembered', () => {
  it('makes something of a text once', () => {
    const { doubled, made } = doubling()
    for (const text of ['a', 'b', 'a', 'b', 'a', '', '']) assert.equal(doubled.of(text), text + text)
    assert.equal(made(), 3)
  })

  it('keeps the first texts, and nothing of those that come when there are many', () => {
    const { doubled, made } = doubling()
    for (let i = 0; i < 3_000; i++) doubled.of(`text ${i}`)
    assert.equal(made(), 3_000)
    for (let i = 0; i < 3_000; i++) assert.equal(doubled.of(`text ${i}`), `text ${i}text ${i}`)
    assert.equal(made(), 4_000)
  })

  it('keeps nothing of a long text', () => {
    const { doubled, made } = doubling()
    const long = 'a'.repeat(201)
    assert.equal(doubled.of(long), doubled.of(long))
    assert.equal(made(), 2)
  })
})
