// Tests of problem.ts: an error crosses HTTP and is the same at the other end, and one from elsewhere still has a meaning.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Code, codes } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import { statuses } from '../status.ts'
import { errorOfProblem, foreignError, problemOf, problemText, problemType } from './problem.ts'

const headers = (entries: Readonly<Record<string, string>> = {}) => new Map(Object.entries(entries))
const all = Object.keys(codes) as Code[]

describe('problemOf', () => {
  it('has the members of RFC 9457, and ours', () => {
    const error = new ServiceError('not_found', 'no such user', { details: { id: 7 }, retryAfterMs: 1_500 })
    const { status, text, retryAfter } = problemOf(error)
    assert.equal(problemType, 'application/problem+json')
    assert.deepEqual([status, retryAfter], [404, '2'])
    assert.deepEqual(JSON.parse(text), {
      type: 'about:blank',
      title: 'not_found',
      status: 404,
      detail: 'no such user',
      code: 'not_found',
      retry: 'never',
      details: { id: 7 },
      retryAfterMs: 1_500,
    })
  })

  it('has the status of the code, unless it is told another one', () => {
    for (const code of all) {
      assert.equal(problemOf(new ServiceError(code)).status, statuses[code].http)
      const { status, text } = problemOf(new ServiceError(code), 418)
      assert.deepEqual([status, JSON.parse(text).status], [418, 418])
    }
  })

  it('leaves at home what led to the error', () => {
    const error = new ServiceError('internal', 'internal error', { cause: new Error('secret') })
    assert.doesNotMatch(problemOf(error).text, /secret|stack|cause/)
  })

  it('leaves out details that cannot be written, and keeps the rest', () => {
    const circle: unknown[] = []
    circle.push(circle)
    const thrower = {
      toJSON: () => {
        throw new Error('no')
      },
    }
    for (const details of [10n, { count: 10n }, circle, thrower]) {
      const document = JSON.parse(problemOf(new ServiceError('aborted', 'again', { details })).text)
      assert.deepEqual([document.code, document.detail, 'details' in document], ['aborted', 'again', false])
    }
  })

  it('rounds the wait up to whole seconds: who asks too early is refused again', () => {
    const wait = (retryAfterMs: number) => problemOf(new ServiceError('unavailable', '', { retryAfterMs })).retryAfter
    assert.deepEqual([wait(0), wait(1), wait(1_000), wait(1_001)], ['0', '1', '1', '2'])
    assert.equal(problemOf(new ServiceError('unavailable')).retryAfter, undefined)
    for (const retryAfterMs of [Number.NaN, Infinity, -1_500]) {
      const { text, retryAfter } = problemOf(new ServiceError('unavailable', '', { retryAfterMs }))
      assert.deepEqual([retryAfter, 'retryAfterMs' in JSON.parse(text)], [undefined, false])
    }
  })

  it('is one line as the text of a stream', () => {
    const text = problemText(new ServiceError('unknown', 'a\nb\r\n', { details: ['\u2028\n'] }))
    assert.doesNotMatch(text, /[\r\n]/)
    assert.equal(JSON.parse(text).detail, 'a\nb\r\n')
  })
})

describe('errorOfProblem', () => {
  it('gives back the error that was written', () => {
    const options = fc.record({
      details: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
      retry: fc.constantFrom('never', 'safe', 'if_idempotent'),
      retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.string(), options, (code, message, more) => {
        const error = new ServiceError(code, message, more)
        assert.deepEqual(errorOfProblem(JSON.parse(problemOf(error).text))?.toJSON(), error.toJSON())
      }),
    )
  })

  it('is undefined for what is no document of ours', () => {
    const foreign = [
      undefined,
      null,
      5,
      'x',
      [],
      {},
      { title: 'Bad' },
      { code: 'E_BAD' },
      { code: 5 },
      { code: 'toString' },
    ]
    for (const document of foreign) assert.equal(errorOfProblem(document), undefined)
  })

  it('has the title as its message when there is no detail, and else the code', () => {
    assert.equal(errorOfProblem({ code: 'aborted', title: 'again' })?.message, 'again')
    assert.equal(errorOfProblem({ code: 'aborted' })?.message, 'aborted')
  })

  it('passes over members that make no sense', () => {
    const error = errorOfProblem({ code: 'aborted', detail: 5, retry: 'often', retryAfterMs: -1 })
    assert.deepEqual([error?.code, error?.message, error?.retryAfterMs], ['aborted', 'aborted', undefined])
    assert.equal(error?.retry, codes.aborted.retry)
  })
})

describe('foreignError', () => {
  it('means what its status says', () => {
    const expected: Readonly<Record<number, Code>> = {
      301: 'unknown',
      400: 'invalid_argument',
      401: 'unauthenticated',
      403: 'permission_denied',
      404: 'not_found',
      408: 'deadline_exceeded',
      418: 'invalid_argument',
      429: 'resource_exhausted',
      500: 'internal',
      502: 'unavailable',
      503: 'unavailable',
      504: 'deadline_exceeded',
      599: 'unknown',
    }
    for (const [status, code] of Object.entries(expected)) {
      const error = foreignError('GET /a', Number(status), headers(), '', 0)
      assert.deepEqual([error.code, error.message], [code, `GET /a: HTTP status ${status}`])
    }
  })

  it('keeps the beginning of its text for whoever looks for the fault', () => {
    const page = `<h1>Bad Gateway</h1>${'x'.repeat(10_000)}`
    const { details } = foreignError('GET /a', 502, headers({ 'content-type': 'text/html' }), page, 0)
    const { status, type, text } = details as { status: number; type: string; text: string }
    assert.deepEqual([status, type, text], [502, 'text/html', page.slice(0, 1_000)])
  })

  it('says where a redirection leads to', () => {
    const { details } = foreignError('GET /a', 302, headers({ location: '/b' }), '', 0)
    assert.deepEqual(details, { status: 302, type: '', text: '', location: '/b' })
  })

  it('has the wait that the headers name', () => {
    assert.equal(foreignError('GET /a', 503, headers({ 'retry-after': '3' }), '', 0).retryAfterMs, 3_000)
    assert.equal(foreignError('GET /a', 503, headers(), '', 0).retryAfterMs, undefined)
  })
})
