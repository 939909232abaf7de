// Tests of logger.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { pinoMethod } from './logger.ts'

describe('the method of a level', () => {
  it('is there for the levels of pino, and for those of the user', () => {
    const logger = pino({ enabled: false, customLevels: { audit: 35 } })
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'audit'])
      assert.equal(typeof pinoMethod(logger, level), 'function', level)
    assert.equal(pinoMethod(logger, 'verbose'), undefined)
    assert.equal(pinoMethod(logger, 'level'), undefined)
  })
})
