import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inLines, table, wrapped } from './layout.ts'

describe('layout', () => {
  it('puts parts beside each other as long as they fit, and loses none', () => {
    assert.deepEqual(inLines(['one', 'two', 'three'], 10), ['one  two', 'three'])
    assert.deepEqual(inLines(['one', 'two', 'three'], 80), ['one  two  three'])
    assert.deepEqual(inLines(['longer than that', 'two'], 5), ['longer than that', 'two'])
    assert.deepEqual(inLines([], 5), [])
  })

  it('breaks a text between words, and indents what follows', () => {
    assert.deepEqual(wrapped('a text of some words', 80, 4), ['a text of some words'])
    assert.deepEqual(wrapped('3 s  a text of some words', 16, 5), ['3 s  a text of', '     some words'])
    assert.deepEqual(wrapped('a text of some words', 8, 6), ['a text', 'of some', 'words'])
  })

  it('keeps spaces at the beginning of a text', () => {
    assert.deepEqual(wrapped(' 3.0 s  some more words', 17, 8), [' 3.0 s  some more', '        words'])
  })

  it('aligns a table, and leaves out the last columns where there is no room', () => {
    const columns = [
      { title: 'name', cells: ['a', 'long name'], left: true },
      { title: 'calls', cells: ['1', '22,222'] },
      { title: 'state', cells: ['there', ''], left: true },
    ]
    assert.deepEqual(table(columns, 80), ['name        calls  state', 'a               1  there', 'long name  22,222'])
    assert.deepEqual(table(columns, 20), ['name        calls', 'a               1', 'long name  22,222'])
  })

  it('takes the short form of a column where not all have room', () => {
    const columns = [
      { title: 'name', cells: ['a', 'b'], left: true },
      { title: 'in the end', cells: ['there', 'gone'], left: true, short: { title: 'end', cells: ['up', 'gone'] } },
    ]
    assert.deepEqual(table(columns, 16), ['name  in the end', 'a     there', 'b     gone'])
    assert.deepEqual(table(columns, 15), ['name   end', 'a       up', 'b     gone'])
  })
})
