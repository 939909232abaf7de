// Tests of level-names.ts, with the levels of the real winston.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import winston from 'winston'
import { levelNames } from './level-names.ts'

describe('the names of levels', () => {
  it('are those of npm, syslog and the command line', () => {
    const same = { error: 'error', warn: 'warn', info: 'info', debug: 'debug' }
    assert.deepEqual(levelNames(winston.config.npm.levels), same)
    assert.deepEqual(levelNames(winston.config.syslog.levels), { ...same, warn: 'warning' })
    assert.deepEqual(levelNames(winston.config.cli.levels), same)
  })

  it('are the next more severe ones where one is not there', () => {
    assert.deepEqual(levelNames({ fatal: 0, notice: 1 }), {
      error: 'fatal',
      warn: 'fatal',
      info: 'notice',
      debug: 'notice',
    })
    assert.deepEqual(levelNames({ crit: 0, warn: 1, verbose: 2 }), {
      error: 'crit',
      warn: 'warn',
      info: 'warn',
      debug: 'verbose',
    })
  })

  it('are those that were given first', () => {
    assert.deepEqual(levelNames({ foo: 0, bar: 1, warn: 2 }, { error: 'foo', warn: 'bar', debug: 'warn' }), {
      error: 'foo',
      warn: 'bar',
      info: 'bar',
      debug: 'warn',
    })
  })

  it('that are not there are refused', () => {
    assert.throws(() => levelNames({ foo: 0, bar: 1 }), {
      message: 'levels.error must be a level of the logger, one of foo, bar, but none is given',
    })
    assert.throws(() => levelNames(winston.config.npm.levels, { debug: 'trace' }), {
      name: 'TypeError',
      message: /^levels\.debug must be a level of the logger, one of error, .*, but is "trace"$/,
    })
  })
})
