// Tests of paint.ts.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { paintFor } from './paint.ts'

const terminal = { write() {}, isTTY: true }
const pipe = { write() {} }
const deciding = ['NO_COLOR', 'NODE_DISABLE_COLORS', 'FORCE_COLOR', 'CI', 'TMUX', 'COLORTERM', 'TERM']

function paints(to: { write(): void; isTTY?: boolean }, color?: boolean): boolean {
  const painted = paintFor(to, color)('red', 'a')
  assert.ok(['a', '\x1b[31ma\x1b[39m'].includes(painted))
  return painted !== 'a'
}

describe('paintFor', () => {
  const before = { ...process.env }
  beforeEach(() => {
    for (const name of deciding) delete process.env[name]
    process.env['TERM'] = 'xterm-256color'
  })
  afterEach(() => {
    for (const name of deciding) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  })

  it('paints on a terminal, and nowhere else', () => {
    assert.equal(paints(terminal), true)
    assert.equal(paints(pipe), false)
    process.env['TERM'] = 'dumb'
    assert.equal(paints(terminal), false)
  })

  for (const name of ['NO_COLOR', 'NODE_DISABLE_COLORS']) {
    it(`does not paint where ${name} is set`, () => {
      process.env[name] = '1'
      assert.equal(paints(terminal), false)
    })
  }

  it('does as FORCE_COLOR says', () => {
    process.env['FORCE_COLOR'] = '1'
    assert.equal(paints(pipe), true)
    process.env['FORCE_COLOR'] = '0'
    assert.equal(paints(terminal), false)
  })

  it('does as it is told, whatever the environment says', () => {
    process.env['NO_COLOR'] = '1'
    assert.equal(paints(pipe, true), true)
    delete process.env['NO_COLOR']
    assert.equal(paints(terminal, false), false)
  })

  it('refuses what is neither true nor false', () => {
    const wrong = 'always' as unknown as boolean
    assert.throws(() => paintFor(terminal, wrong), { name: 'TypeError', message: /^color must be true or false/ })
  })
})
