// Tests of bindings.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Bindings } from './bindings.ts'
import { type BoundFields, chainOf } from './log-record.ts'
import { logLimits } from './log-value.ts'
import { redact } from './redact.ts'
import type { Fields } from './safe-fields.ts'

const redactor = redact()
const bind = (...each: readonly Fields[]) =>
  each.reduce<Bindings>((all, fields) => all.with(fields, redactor), Bindings.none())
const nodes = (bound: BoundFields | undefined) => chainOf(bound).map(({ fields }) => fields)

describe('Bindings', () => {
  it('are a node for each binding, the same for each record', () => {
    const one = bind({ a: 1 })
    const two = one.with({ b: { c: 2 } }, redactor)
    assert.deepEqual(nodes(two.of(redactor)), [{ a: 1 }, { b: { c: 2 } }])
    assert.equal(two.of(redactor), two.of(redactor))
    assert.equal(two.of(redactor)?.parent, one.of(redactor))
    assert.equal(Bindings.none().of(redactor), undefined)
  })

  it('add nothing for nothing', () => {
    const one = bind({ a: 1 })
    assert.equal(one.with({}, redactor), one)
    assert.equal(one.with(undefined as unknown as Fields, redactor), one)
    assert.equal(one.with(null as unknown as Fields, redactor), one)
  })

  it('keep what their owner changes later', () => {
    const fields = { a: 1, list: [1], user: { name: 'n' } }
    const bound = bind(fields, { live: () => 1 }, fields)
    fields.a = 2
    fields.list.push(2)
    fields.user.name = 'm'
    const was = { a: 1, list: [1], user: { name: 'n' } }
    assert.deepEqual(nodes(bound.of(redactor)), [was, was, { live: 1 }])
  })

  it('call functions for each record, and put them last', () => {
    let calls = 0
    const bound = bind({ a: 1, n: () => ++calls, b: 2 }, { c: 3 })
    const [first, second] = [bound.of(redactor), bound.of(redactor)]
    assert.deepEqual(nodes(first), [{ a: 1, b: 2 }, { c: 3 }, { n: 1 }])
    assert.deepEqual(nodes(second), [{ a: 1, b: 2 }, { c: 3 }, { n: 2 }])
    // All but the last is rendered once.
    assert.equal(first?.parent, second?.parent)
    assert.equal(calls, 2)
  })

  it('let what is bound later stand in the place of a function, and a function in that of all else', () => {
    assert.deepEqual(nodes(bind({ a: () => 1, b: () => 2 }, { a: 3 }).of(redactor)), [{ a: 3 }, { b: 2 }])
    assert.deepEqual(nodes(bind({ a: () => 1 }, { a: { b: 3 } }).of(redactor)), [{ a: { b: 3 } }])
    assert.deepEqual(nodes(bind({ a: () => 1 }, { a: () => 2 }).of(redactor)), [{ a: 2 }])
    assert.deepEqual(nodes(bind({ a: 1 }, { a: () => 2 }).of(redactor)), [{ a: 1 }, { a: 2 }])
  })

  it('hide secrets, and do not call them', () => {
    const bound = bind({ token: 't', password: () => assert.fail('was called'), user: { secret: 's' } })
    assert.deepEqual(nodes(bound.of(redactor)), [
      { token: '[redacted]', user: { secret: '[redacted]' } },
      { password: '[redacted]' },
    ])
  })

  it('say what getters threw', () => {
    const fields = {
      a: 1,
      get b() {
        throw new Error('no')
      },
      token: 't',
      d: { password: 'p' },
    }
    assert.deepEqual(nodes(bind(fields).of(redactor)), [
      { a: 1, b: '[threw: no]', token: '[redacted]', d: { password: '[redacted]' } },
    ])
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.deepEqual(nodes(bind(proxy as Fields).of(redactor)), [])
    assert.deepEqual(nodes(bind('text' as unknown as Fields).of(redactor)), [{ value: 'text' }])
  })

  it('are bounded, however often somebody binds', () => {
    let bound = Bindings.none()
    for (let i = 0; i < 20_000; i++) bound = bound.with({ [`key${i}`]: i }, redactor)
    const chain = nodes(bound.of(redactor))
    assert.ok(chain.length <= 101, `${chain.length}`)
    assert.deepEqual(chain.at(-1), { '…': 'more' })

    let texts = Bindings.none()
    for (let i = 0; i < 100; i++) texts = texts.with({ [`key${i}`]: 'x'.repeat(8_000) }, redactor)
    assert.ok(JSON.stringify(nodes(texts.of(redactor))).length < logLimits.recordChars + 1_000)

    const atOnce = bind(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key${i}`, () => i])))
    assert.deepEqual(nodes(atOnce.of(redactor))[0], { '…': 'more' })

    let functions = Bindings.none()
    for (let i = 0; i < 20_000; i++) functions = functions.with({ [`key${i}`]: () => 'x'.repeat(8_000) }, redactor)
    assert.deepEqual(nodes(functions.of(redactor))[0], { '…': 'more' })
    const json = JSON.stringify(nodes(functions.of(redactor)))
    assert.ok(json.length < logLimits.recordChars + 1_000, `${json.length}`)
  })
})
