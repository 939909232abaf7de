// Tests of level.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkLevel, isLevel, severities } from './level.ts'

describe('levels', () => {
  it('are in order, with off above all', () => {
    const { debug, info, warn, error, off } = severities
    assert.ok(debug < info && info < warn && warn < error && error < off)
    assert.ok(Object.isFrozen(severities))
  })

  it('are told from what is none, members of every object among it', () => {
    for (const level of ['debug', 'info', 'warn', 'error', 'off']) assert.equal(isLevel(level), true)
    for (const other of ['', 'INFO', 'trace', 'toString', '__proto__', 20, null, undefined, {}, ['info']])
      assert.equal(isLevel(other), false, String(other))
  })
})

describe('checkLevel', () => {
  it('reads a level as a person types it', () => {
    assert.equal(checkLevel('level', 'warn'), 'warn')
    assert.equal(checkLevel('level', ' Error\n'), 'error')
    assert.equal(checkLevel('level', 'OFF'), 'off')
  })

  it('names option, levels and value of what is none', () => {
    assert.throws(() => checkLevel('LOG_LEVEL', 'verbose'), {
      name: 'TypeError',
      message: 'LOG_LEVEL must be one of debug, info, warn, error, off, but is "verbose"',
    })
    assert.throws(() => checkLevel('level', 'x'.repeat(1_000)), /^TypeError: .{0,120}$/)
    const circular: unknown[] = []
    circular.push(circular)
    for (const value of [20n, Symbol('info'), null, undefined, circular, { toJSON: assert.fail }])
      assert.throws(
        () => checkLevel('level', value),
        /^TypeError: level must be one of .*, but is a value of type \w+$/,
      )
  })
})
