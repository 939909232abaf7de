// Tests of error-lines.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedError, type LogValue } from '../log-value.ts'
import { logger } from '../logger.ts'
import { errorLines } from './error-lines.ts'

/** The lines of an error as it is logged; of each stack only the first frame. */
function linesFor(error: Error): string[] {
  let logged: LogValue
  logger({ write: ({ fields }) => (logged = fields?.['err']) }).info('', { err: error })
  assert.ok(logged instanceof LoggedError)
  const isFrame = (line: string | undefined) => /^ +at /.test(line ?? '')
  return errorLines('err', logged.details)
    .filter((line, i, lines) => !isFrame(line) || !isFrame(lines[i - 1]))
    .map((line) => (isFrame(line) ? line.replace(/at .*/, 'at …') : line))
}

describe('errorLines', () => {
  it('shows the stack, what the error has beside it, and its causes', () => {
    const cause = Object.assign(new RangeError('too\nlarge\x1b[2J'), { code: 'E_RANGE', limit: 5 })
    const error = new Error('order failed', { cause: new TypeError('no total', { cause }) })
    assert.deepEqual(linesFor(error), [
      'err: Error: order failed',
      '    at …',
      'cause: TypeError: no total',
      '    at …',
      'cause: RangeError: too',
      'large\\u001b[2J',
      '    at …',
      '    code=E_RANGE limit=5',
    ])
  })

  it('shows causes that are no errors', () => {
    assert.deepEqual(linesFor(new Error('a', { cause: { why: 'b c' } })).at(-1), 'cause: {"why":"b c"}')
  })

  it('shows each of several errors', () => {
    assert.deepEqual(linesFor(new AggregateError([new Error('a'), 'b'], 'both')), [
      'err: AggregateError: both',
      '    at …',
      '  errors[0]: Error: a',
      '      at …',
      '  errors[1]: b',
    ])
  })

  it('shows name and message where the stack does not', () => {
    const changed = new Error('before')
    assert.match(changed.stack ?? '', /^Error: before/)
    changed.message = 'after'
    assert.deepEqual(linesFor(changed).slice(0, 2), ['err: Error: after', 'Error: before'])
    const bare = new Error('no stack')
    delete bare.stack
    assert.deepEqual(linesFor(bare), ['err: Error: no stack'])
  })
})
