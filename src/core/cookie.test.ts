// Tests of cookie.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cookieText } from './cookie.ts'

describe('cookieText', () => {
  it('is safe unless told otherwise', () => {
    assert.equal(cookieText('session', 'abc'), 'session=abc; Path=/; HttpOnly; Secure; SameSite=Lax')
  })

  it('writes every attribute', () => {
    const text = cookieText('id', '', {
      maxAgeMs: 61_500,
      path: '/shop',
      domain: 'example.com',
      httpOnly: false,
      secure: false,
      sameSite: 'strict',
    })
    assert.equal(text, 'id=; Path=/shop; Max-Age=61; Domain=example.com; SameSite=Strict')
  })

  it('encodes any value, so that none can add an attribute', () => {
    assert.match(
      cookieText('a', 'x; Domain=evil\r\nSet-Cookie: b=1 \ud800'),
      /^a=x%3B%20Domain%3Devil%0D%0A[^;]*; Path=/,
    )
  })

  it('refuses names and attributes that would break the header', () => {
    assert.throws(() => cookieText('a b', ''), { name: 'TypeError', message: /^cookie name "a b"/ })
    assert.throws(() => cookieText('', ''), TypeError)
    assert.throws(() => cookieText('a', '', { path: '/;x' }), { name: 'TypeError', message: /^path of cookie a/ })
    assert.throws(() => cookieText('a', '', { domain: 'a\r\nb' }), {
      name: 'TypeError',
      message: /^domain of cookie a/,
    })
    assert.throws(() => cookieText('a', '', { sameSite: 'maybe' as never }), {
      message: /^sameSite of cookie a must be/,
    })
    assert.throws(() => cookieText('a', '', { maxAgeMs: -1 }), { name: 'RangeError', message: /^maxAgeMs/ })
  })
})
