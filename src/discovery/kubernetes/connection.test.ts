import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedKubernetes, checkLabel } from './connection.ts'

describe('checkedKubernetes', () => {
  it('has what kubectl proxies as its default, in the namespace default', () => {
    const { urls, name, namespace } = checkedKubernetes({})
    assert.deepEqual(
      [urls, name, namespace],
      [['http://127.0.0.1:8001'], 'kubernetes at http://127.0.0.1:8001', 'default'],
    )
  })

  it('carries the token as a bearer', () => {
    assert.deepEqual(checkedKubernetes({}).authorization('sesame'), { authorization: 'Bearer sesame' })
  })

  it('has the message of a Status for its refusal, also of one that is cut off, and what it is of anything else', () => {
    const { refusal } = checkedKubernetes({})
    const whole = JSON.stringify({
      kind: 'Status',
      metadata: {},
      message: 'no "x"\n',
      details: { causes: [{ message: 'y' }] },
    })
    for (const body of [whole, whole.slice(0, -20), JSON.stringify(JSON.parse(whole), undefined, 2)])
      assert.deepEqual(refusal?.(403, body), { text: 'no "x"\n', hint: '' })
    assert.deepEqual(refusal?.(401, whole), { text: 'no "x"\n', hint: 'token' })
    for (const body of ['', '<html>', '{"message":7}', '{"message":"cut', '{"message":"\\x"}'])
      assert.equal(refusal?.(500, body), undefined, body)
  })

  it('refuses a namespace that is none, and an URL that is none', () => {
    assert.throws(() => checkedKubernetes({ namespace: 'A' }), {
      name: 'TypeError',
      message: 'namespace must have 1 to 63 small letters, digits and inner hyphens for kubernetes, but is "A"',
    })
    assert.throws(() => checkedKubernetes({ url: 'cluster' }), /url must be like/)
  })
})

describe('checkLabel', () => {
  it('takes labels of DNS', () => {
    for (const label of ['a', '9', 'a-b', 'a'.repeat(63)]) checkLabel('service', label)
    for (const none of ['', '-a', 'a-', 'a.b', 'a_b', 'a/b', 'ä', 'a'.repeat(64), 7, undefined])
      assert.throws(() => checkLabel('service', none), /^TypeError: service must have/)
  })
})
