// Tests of redact.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redact, secretKeys } from './redact.ts'

describe('the usual keys', () => {
  const redactor = redact()

  it('are hidden however they are written', () => {
    for (const key of secretKeys) assert.equal(redactor.hides(key), true, key)
    const forms = [
      'Authorization',
      'AUTHORIZATION',
      'proxy-authorization',
      'Set-Cookie',
      'setCookie',
      'set_cookie',
      'accessToken',
      'access_token',
      'X-Access-Token',
      'APIToken',
      'csrfTOKEN',
      'accesstoken',
      'PGPASSWORD',
      'db.password',
      'newPassword2',
      'password_1',
      'token[]',
      'client secret',
      'X-API-Key',
      'apikey',
      'privateKey',
      `${'x'.repeat(10_000)}Password`,
      'Symbol(password)',
    ]
    for (const key of forms) assert.equal(redactor.hides(key), true, key)
  })

  it('leave others alone', () => {
    const others = [
      '',
      'tokenCount',
      'tokens',
      'max_tokens',
      'passwordResetAt',
      'secretary',
      'cookieConsent',
      'user',
      '_',
      '1',
    ]
    for (const key of others) assert.equal(redactor.hides(key), false, key)
  })

  it('can be switched off, and keys added', () => {
    const none = redact({ usual: false })
    for (const key of secretKeys) assert.equal(none.hides(key), false, key)
    const pins = redact({ keys: ['pin'] })
    assert.equal(pins.hides('token'), true)
  })
})

describe('the keys of a program', () => {
  const redactor = redact({ keys: ['pin', 'credit-card', 'oauth2', '密码', 'straße'], usual: false })

  it('are hidden where the last words are theirs', () => {
    for (const key of [
      'pin',
      'userPin',
      'user_pin',
      'X-User-PIN',
      'PIN',
      'pin2',
      'creditCard',
      'CREDIT_CARD',
      'creditcard',
    ])
      assert.equal(redactor.hides(key), true, key)
    for (const key of ['OAuth2', 'user.密码', 'Straße']) assert.equal(redactor.hides(key), true, key)
  })

  it('are not hidden where they are a part of a word, or not the last', () => {
    for (const key of ['shipping', 'spin', 'pinCount', 'card', 'credit', 'oauth', 'oauth1', '码'])
      assert.equal(redactor.hides(key), false, key)
  })

  it('are known for as long as there is room, and right beyond', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5_000; i++) {
        assert.equal(redactor.hides(`k${i} pin`), true)
        assert.equal(redactor.hides(`k${i} pen`), false)
      }
    }
  })
})

describe('paths', () => {
  const redactor = redact({ paths: ['user.email', 'items.*.price', '*.iban', 'items.0', '__proto__.x'] })
  const at = (...keys: readonly string[]) =>
    keys.reduce((paths, key) => redactor.within(paths, key), redactor.paths)?.isHidden ?? false

  it('are followed key by key, with * for any', () => {
    assert.equal(at('user', 'email'), true)
    assert.equal(at('user'), false)
    assert.equal(at('email'), false)
    assert.equal(at('user', 'email', 'deeper'), false)
    assert.equal(at('items', '7', 'price'), true)
    assert.equal(at('items', '7', 'name'), false)
    assert.equal(at('user', 'iban'), true)
    assert.equal(at('items', 'iban'), true)
    assert.equal(at('__proto__', 'x'), true)
  })

  it('go on together where a key and * both fit', () => {
    assert.equal(at('items', '0'), true)
    assert.equal(at('items', '0', 'price'), true)
    assert.equal(at('items', '1'), false)
  })

  it('concern the fields that they begin with', () => {
    const some = redact({ paths: ['user.email'] })
    assert.deepEqual(
      ['user', 'email', 'token'].map((key) => some.concerns(key)),
      [true, false, true],
    )
    const any = redact({ paths: ['*'], usual: false })
    assert.equal(any.concerns('anything'), true)
    assert.equal(any.within(any.paths, 'anything')?.isHidden, true)
    assert.equal(redact().concerns('user'), false)
  })
})

describe('redact', () => {
  it('takes another censor', () => {
    assert.equal(redact().censor, '[redacted]')
    assert.equal(redact({ censor: '' }).censor, '')
  })

  it('refuses what would hide nothing', () => {
    const wrong = [
      { keys: 'password' },
      { keys: [7] },
      { keys: [''] },
      { keys: ['***'] },
      { paths: 'a.b' },
      { paths: [''] },
      { paths: ['a..b'] },
      { paths: ['.a'] },
      { censor: null },
      { censor: 7 },
      { usual: 'no' },
    ]
    for (const options of wrong) assert.throws(() => redact(options as never), TypeError, JSON.stringify(options))
  })
})
