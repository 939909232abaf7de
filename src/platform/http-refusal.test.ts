import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { httpRefusal } from './http-refusal.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('httpRefusal', () => {
  it('has the code that a status means', () => {
    const codes = [400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 302].map(
      (status) => httpRefusal('x', status, bytes(''), undefined).code,
    )
    assert.deepEqual(codes, [
      'invalid_argument',
      'unauthenticated',
      'permission_denied',
      'not_found',
      'aborted',
      'out_of_range',
      'invalid_argument',
      'resource_exhausted',
      'unavailable',
      'unavailable',
      'unknown',
    ])
  })

  it('says on one line what was said, as far as it is not secret', () => {
    const { message } = httpRefusal('x', 403, bytes(' no such\n token: sesame '), 'sesame')
    assert.equal(message, 'x answered 403: no such token: (token) (token)')
    assert.equal(
      httpRefusal('x', 500, bytes('a'.repeat(9_999)), undefined).message,
      `x answered 500: ${'a'.repeat(200)}…`,
    )
    const cutOff = `${' '.repeat(4_092)}sesame`
    for (const body of [cutOff, cutOff.slice(0, 4_096), cutOff.slice(4)])
      assert.doesNotMatch(httpRefusal('x', 500, bytes(body), 'sesame').message, /se/)
  })

  it('says no part of a secret, wherever what is looked at or shown ends, and however it is written', () => {
    const secret = 'open "sesame  please"'
    const said = (text: string, token?: string) => httpRefusal('x', 400, bytes(text), token, undefined, secret).message
    assert.equal(said(JSON.stringify({ secret })), 'x answered 400: {"secret":"(password)"}')
    for (const before of [190, 199]) assert.doesNotMatch(said('a'.repeat(before) + secret), /open|o…$/)
    for (const before of [4_080, 4_085, 4_095]) {
      const text = said(`${' '.repeat(before - 1)}:${secret}${'b'.repeat(50)}`)
      assert.doesNotMatch(text.slice('x answered 400'.length).replace('(password)', ''), /o/)
      assert.doesNotMatch(said(`${' '.repeat(before - 1)}:sesame-street`, 'sesame-street'), /s…?$|se|ses/)
    }
  })

  it('takes the word of who can read the body, and keeps secrets all the same', () => {
    const read = (status: number, body: string) =>
      status === 404 ? undefined : ({ text: `${JSON.parse(body)}`, code: 'aborted', hint: 'look there' } as const)
    const refusal = httpRefusal('x', 412, bytes('"no\\n sesame"'), 'sesame', read)
    assert.deepEqual([refusal.code, refusal.message], ['aborted', 'x answered 412: no (token) (look there)'])
    assert.equal(httpRefusal('x', 404, bytes('none'), undefined, read).message, 'x answered 404: none')
  })
})
