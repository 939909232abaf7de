// Tests of value-walk.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { errorLine } from './error-line.ts'
import { LoggedError, type LogValue, logLimits } from './log-value.ts'
import { redact } from './redact.ts'
import { logValue, ValueWalk } from './value-walk.ts'

const redactor = redact()
const logged = (value: unknown) => logValue(value, redactor)
const errorText = (thrown: unknown) => logValue(errorLine(thrown), undefined) as string | undefined

function thrower(message = 'no'): () => never {
  return () => {
    throw new Error(message)
  }
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** The characters of all texts and keys, and 16 for each value. */
function charsOf(value: LogValue): number {
  if (typeof value === 'string') return 16 + value.length
  if (value instanceof LoggedError) return charsOf(value.text) + charsOf(value.details)
  if (value instanceof Uint8Array) return 16 + value.length
  if (typeof value !== 'object' || value === null) return 16
  return Object.entries(value).reduce((sum, [key, member]) => sum + key.length + charsOf(member), 16)
}

describe('plain values', () => {
  it('stay what they are', () => {
    for (const value of ['text', '', 7, -0, NaN, Infinity, true, false, null, undefined])
      assert.equal(logged(value), value)
  })

  it('become texts where a record has no such kind', () => {
    assert.equal(logged(2n ** 70n), '1180591620717411303424')
    assert.equal(logged(Symbol('s')), 'Symbol(s)')
    assert.equal(
      logged(function named() {}),
      '[function named]',
    )
    assert.equal(
      logged(() => {}),
      '[function ]',
    )
    assert.equal(logged(class Named {}), '[function Named]')
    assert.equal(logged(Object.defineProperty(() => {}, 'name', { get: thrower() })), '[function [threw: no]]')
    assert.equal(logged(new Proxy(() => {}, { get: thrower() })), '[function [threw: no]]')
  })

  it('are texts within lists and objects where JSON lacks them', () => {
    assert.deepEqual(logged([NaN, -Infinity, 1, -0, 7n]), ['NaN', '-Infinity', 1, -0, '7'])
  })

  it('are what a box holds', () => {
    assert.deepEqual(logged([Object('a'), Object(1), Object(true), Object(7n), Object(Symbol('s'))]), [
      'a',
      1,
      true,
      '7',
      'Symbol(s)',
    ])
    assert.equal(
      logged(Object.create(Number.prototype)),
      "[threw: Number.prototype.valueOf requires that 'this' be a Number]",
    )
  })
})

describe('objects with a text of their own', () => {
  it('are that text', () => {
    assert.equal(logged(new Date(0)), '1970-01-01T00:00:00.000Z')
    assert.equal(logged(new Date(NaN)), 'Invalid Date')
    assert.equal(logged(Object.create(Date.prototype)), '[threw: this is not a Date object.]')
    assert.equal(logged(runInNewContext('new Date(0)')), '1970-01-01T00:00:00.000Z')
    assert.equal(logged(new URL('https://a:b@c/')), 'https://a:***@c/')
    assert.equal(logged(/a/), '/a/')
  })

  it('are their kind where they show nothing', () => {
    function* generator() {}
    const kinds = [Promise.resolve(1), new WeakMap(), new WeakSet(), generator(), new WeakRef({}), new ArrayBuffer(0)]
    assert.deepEqual(kinds.map(logged).slice(0, -1), [
      '[Promise]',
      '[WeakMap]',
      '[WeakSet]',
      '[Generator]',
      '[WeakRef]',
    ])
    class Empty {}
    assert.deepEqual(logged(new Empty()), {})
    assert.deepEqual(logged(Object.create(null)), {})
    assert.equal(logged({ [Symbol.toStringTag]: 'x'.repeat(10_000) }), `[${'x'.repeat(8_192)}…(1808 more)]`)
  })
})

describe('bytes', () => {
  it('stay bytes by themselves, in a copy', () => {
    const bytes = new Uint8Array([1, 2, 3])
    const copy = logged(bytes.subarray(1)) as Uint8Array
    bytes[1] = 9
    assert.deepEqual(copy, new Uint8Array([2, 3]))
    assert.deepEqual(logged(Buffer.from('hi')), new Uint8Array([104, 105]))
    assert.deepEqual(logged(new SharedArrayBuffer(2)), new Uint8Array(2))
  })

  it('are base64 within lists and objects', () => {
    assert.deepEqual(logged({ body: new DataView(new Uint8Array([1, 2, 255]).buffer) }), { body: 'AQL/' })
  })

  it('are cut, which is said', () => {
    const text = logged(new Uint8Array(5_000)) as string
    assert.match(text, /^A{5461}=+…\(904 more bytes\)$|^A{5462}==…\(904 more bytes\)$/)
    assert.match(JSON.stringify(logged([new ArrayBuffer(5_000)])), /…\(904 more bytes\)"\]$/)
    assert.ok(logged(new Uint8Array(4_096)) instanceof Uint8Array)
  })

  it('are lists where they are larger numbers', () => {
    assert.deepEqual(logged(new Float64Array([1.5, NaN])), [1.5, 'NaN'])
    assert.deepEqual(logged(new BigInt64Array([7n])), ['7'])
    assert.equal((logged(new Float32Array(1_000_000)) as LogValue[]).at(-1), '…(999900 more)')
  })
})

describe('lists', () => {
  it('keep their order and their holes', () => {
    // biome-ignore lint/suspicious/noSparseArray: that is what is tested.
    assert.deepEqual(logged([1, , [2]]), [1, undefined, [2]])
    assert.deepEqual(logged(new Set(['a', 'b'])), ['a', 'b'])
  })

  it('are cut, which is said', () => {
    const list = logged(Array.from({ length: 250 }, (_, i) => i)) as LogValue[]
    assert.deepEqual([list.length, list[99], list[100]], [101, 99, '…(150 more)'])
    assert.equal((logged(new Set(list)) as LogValue[]).at(-1), '…(1 more)')
    const huge: unknown[] = []
    huge.length = 2 ** 32 - 1
    assert.equal((logged(huge) as LogValue[]).at(-1), '…(4294967195 more)')
  })

  it('say of an item that throws that it does', () => {
    const list = Object.defineProperty([1, 2, 3], 1, { get: thrower() })
    assert.deepEqual(logged(list), [1, '[threw: no]', 3])
    assert.equal(logged(new Proxy([1], { get: thrower() })), '[threw: no]')
  })

  it('do not ask a list how it would like to be read', () => {
    const list = [1, 2]
    list[Symbol.iterator] = thrower()
    Object.assign(list, { toJSON: thrower() })
    assert.deepEqual(logged(list), [1, 2])
  })
})

describe('objects', () => {
  it('show their own members, whatever these are called', () => {
    const given = JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2, "toString": 3, "": 4 }')
    const value = logged(given) as Record<string, LogValue>
    assert.deepEqual(Object.entries(value), [
      ['__proto__', { a: 1 }],
      ['constructor', 2],
      ['toString', 3],
      ['', 4],
    ])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    class Point {
      x = 1
      readonly #y = 2
      get y() {
        return this.#y
      }
    }
    assert.deepEqual(logged(new Point()), { x: 1 })
    assert.deepEqual(logged({ [Symbol('s')]: 1, a: 2 }), { a: 2 })
  })

  it('are cut, which is said', () => {
    const value = logged(Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]))) as object
    assert.deepEqual([Object.keys(value).length, Object.entries(value).at(-1)], [101, ['…', '150 more']])
    const [key] = Object.keys(logged({ ['k'.repeat(300)]: 1 }) as object)
    assert.equal(key, `${'k'.repeat(256)}…(44 more)`)
  })

  it('say of a member that throws that it does', () => {
    const given = {
      a: 1,
      get b() {
        return thrower('closed')()
      },
      c: 3,
    }
    assert.deepEqual(logged(given), { a: 1, b: '[threw: closed]', c: 3 })
  })

  it('are what their toJSON gives, if it does', () => {
    assert.equal(logged({ toJSON: () => 'text' }), 'text')
    assert.equal(logged({ toJSON: () => undefined }), undefined)
    assert.deepEqual(logged({ a: 1, toJSON: () => ({ b: new Date(0) }) }), { b: '1970-01-01T00:00:00.000Z' })
    assert.equal(logged({ toJSON: thrower('closed') }), '[threw: closed]')
    assert.equal(logged(Object.defineProperty({}, 'toJSON', { get: thrower('shut') })), '[threw: shut]')
    const self = { a: 1, toJSON: () => self }
    assert.deepEqual(logged(self), { a: 1, toJSON: '[function toJSON]' })
    const endless = () => ({ toJSON: endless })
    assert.equal(logged(endless()), '[too deep]')
    const pair: object[] = [{ toJSON: () => pair[1] }, { toJSON: () => pair[0] }]
    assert.equal(logged(pair[0]), '[circular]')
  })

  it('are pairs where they give values by name', () => {
    assert.deepEqual(
      logged(
        new Map<unknown, unknown>([
          ['a', 1],
          [7, 2],
          [{ b: 1 }, 3],
          [null, 4],
        ]),
      ),
      {
        a: 1,
        '7': 2,
        '{"b":1}': 3,
        null: 4,
      },
    )
    assert.deepEqual(logged(new Headers({ Host: 'x' })), { host: 'x' })
    assert.deepEqual(logged(new URLSearchParams('a=1&b=2')), { a: '1', b: '2' })
    assert.deepEqual(logged(runInNewContext('new Map([["a", 1]])')), { a: 1 })
    const long = logged(new Map(Array.from({ length: 250 }, (_, i) => [i, i]))) as object
    assert.equal(Object.entries(long).at(-1)?.[1], '150 more')
    const odd = new Map()
    odd[Symbol.iterator] = () => [7][Symbol.iterator]() as never
    assert.match(logged(odd) as string, /^\[threw: /)
  })
})

describe('what never ends', () => {
  it('ends where something holds itself', () => {
    const object: Record<string, unknown> = { a: 1 }
    object['self'] = object
    const list: unknown[] = [object]
    list.push(list)
    const map = new Map<unknown, unknown>()
    map.set('map', map)
    map.set(map, 'key')
    const set = new Set()
    set.add(set)
    assert.deepEqual(logged(object), { a: 1, self: '[circular]' })
    assert.deepEqual(logged(list), [{ a: 1, self: '[circular]' }, '[circular]'])
    assert.deepEqual(logged(map), { map: '[circular]', '[circular]': 'key' })
    assert.deepEqual(logged(set), ['[circular]'])
  })

  it('shows what is there twice twice', () => {
    const shared = { a: 1 }
    assert.deepEqual(logged([shared, shared]), [shared, shared])
  })

  it('ends in the depth', () => {
    let deep: unknown = 'bottom'
    for (let i = 0; i < 100_000; i++) deep = { deep }
    let value = logged(deep)
    let depth = 0
    for (; typeof value === 'object'; depth++) value = (value as { deep: LogValue }).deep
    assert.deepEqual([depth, value], [7, '[too deep]'])
    const growing = (): object => ({
      get next() {
        return growing()
      },
    })
    assert.match(JSON.stringify(logged(growing())), /^(\{"next":){7}"\[too deep\]"\}{7}$/)
  })

  it('ends in the breadth: all within a field shares its room', () => {
    // Fifty million texts, were they all printed.
    let wide: unknown = 'x'.repeat(50)
    for (let depth = 0; depth < 6; depth++) wide = Array(20).fill(wide)
    const texts = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'y'.repeat(10_000)))
    const keys = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`${i}${'k'.repeat(10_000)}`, i]))
    const errors = new AggregateError(Array.from({ length: 100 }, (_, i) => new Error('z'.repeat(9_000), { cause: i })))
    for (const value of [
      wide,
      texts,
      [keys, keys, keys],
      errors,
      new Map([[wide, wide]]),
      Array(100).fill(2n ** 5_000n),
    ]) {
      const chars = charsOf(logged(value))
      assert.ok(chars <= logLimits.fieldChars + 1_000, `${chars}`)
    }
  })

  it('stops looking soon at what is very large', () => {
    const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i]))
    let looks = 0
    const many = Array.from(
      { length: 100 },
      () =>
        new Proxy(keys, {
          ownKeys: (target) => {
            looks++
            return Reflect.ownKeys(target)
          },
        }),
    )
    logged(many)
    assert.ok(looks <= 6, `${looks} objects of 20,000 keys were listed`)
  })
})

describe('what throws', () => {
  it('is said, and the rest is logged', () => {
    assert.match(logged(revoked({})) as string, /^\[threw: .*revoked\]$/)
    assert.match(logged(revoked([])) as string, /^\[threw: .*revoked\]$/)
    assert.deepEqual(logged({ a: 1, b: new Proxy({}, { ownKeys: thrower() }), c: 3 }), { a: 1, b: '[threw: no]', c: 3 })
    const everyTrap = new Proxy(
      {},
      Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, thrower()])),
    )
    assert.equal(logged(everyTrap), '[threw: no]')
    assert.equal(
      logged({
        get a() {
          throw Object.create(null)
        },
      }) && 1,
      1,
    )
  })

  it('is not asked to convert itself', () => {
    const hostile = { [Symbol.toPrimitive]: thrower(), toString: thrower(), valueOf: thrower(), inspect: thrower() }
    assert.equal(typeof logged(hostile), 'object')
  })
})

describe('errors', () => {
  const detailsOf = (value: unknown) => (logged(value) as LoggedError).details

  it('are a line and details', () => {
    const error = Object.assign(new TypeError('x is no function'), { code: 'ERR_X', status: 500, config: { a: 1 } })
    const { text, details } = logged(error) as LoggedError
    assert.equal(text, 'TypeError: x is no function')
    const { stack, ...rest } = details
    assert.match(stack as string, /^TypeError: x is no function\n {4}at /)
    assert.deepEqual(rest, { name: 'TypeError', message: 'x is no function', code: 'ERR_X', status: 500 })
  })

  it('say their causes, whatever these are', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED', { cause: { port: 5432 } }), { code: 'ECONNREFUSED' })
    const { text, details } = logged(new Error('order failed', { cause })) as LoggedError
    assert.equal(text, 'order failed: connect ECONNREFUSED: {"port":5432}')
    const inner = details['cause'] as Record<string, LogValue>
    assert.deepEqual(
      [inner['message'], inner['code'], inner['cause']],
      ['connect ECONNREFUSED', 'ECONNREFUSED', { port: 5432 }],
    )
    assert.equal(errorText(new Error('a', { cause: 'b' })), 'a: b')
    assert.equal(errorText(new Error('a', { cause: null })), 'a: null')
  })

  it('end where causes go round, or on and on', () => {
    const one = new Error('one')
    const other = new Error('other', { cause: one })
    one.cause = other
    assert.equal(errorText(one), 'one: other')
    assert.equal((detailsOf(one)['cause'] as Record<string, LogValue>)['cause'], '[circular]')
    one.cause = one
    assert.equal(errorText(one), 'one')
    let chain = new Error('0')
    for (let i = 1; i <= 50; i++) chain = new Error(String(i), { cause: chain })
    assert.equal(errorText(chain), '50: 49: 48: 47: 46: 45: 44: 43: 42')
    let depth = 0
    const growing = (): Error => Object.defineProperty(new Error(`at ${++depth}`), 'cause', { get: growing })
    assert.equal(errorText(growing())?.split(': ').length, 9)
  })

  it('have those that they were made of', () => {
    const self = new AggregateError([new Error('a'), 'b'], 'all failed')
    self.errors.push(self)
    const { text, details } = logged(self) as LoggedError
    assert.equal(text, 'AggregateError: all failed (a; b; AggregateError: all failed)')
    const [first, second, third] = details['errors'] as readonly LogValue[]
    assert.equal((first as Record<string, LogValue>)['message'], 'a')
    assert.deepEqual([second, third], ['b', '[circular]'])
  })

  it('are details alone within lists and objects', () => {
    const { error } = logged({ error: new Error('x') }) as { error: Record<string, LogValue> }
    assert.equal(error['message'], 'x')
    assert.ok(!(error instanceof LoggedError))
  })

  it('are known of every realm, and when they only say that they are', () => {
    assert.equal(
      errorText(runInNewContext('new RangeError("far", { cause: new Error("near") })')),
      'RangeError: far: near',
    )
    assert.equal(errorText(new DOMException('gone', 'AbortError')), 'AbortError: gone')
    assert.equal(errorText(Object.create(Error.prototype, { message: { value: 'x' } })), 'x')
  })

  it('survive all that may be wrong with them', () => {
    const keys = ['name', 'message', 'stack', 'cause', 'errors', 'code']
    for (const key of keys) {
      const error = Object.defineProperty(new Error('x'), key, { get: thrower(), enumerable: true })
      assert.ok(logged(error) instanceof LoggedError, key)
      for (const value of [Symbol('s'), revoked({}), Object.create(null), 7n, () => {}, [error]]) {
        const odd = Object.defineProperty(new Error('x'), key, { value, enumerable: true })
        assert.ok(logged(odd) instanceof LoggedError, key)
      }
    }
    assert.equal(errorText(new Error('a', { cause: revoked(new Error('b')) }))?.startsWith('a: [threw: '), true)
    assert.equal(errorText(new Proxy(new Error('a'), { ownKeys: thrower() })), 'a')
  })

  it('keep the line of text when the rest fills all room', () => {
    let error = Object.assign(new Error('bottom'), { stack: 's'.repeat(20_000) })
    for (const message of ['middle', 'top']) {
      error = Object.assign(new Error(message, { cause: error }), { stack: 's'.repeat(20_000) })
    }
    const value = logged(error) as LoggedError
    assert.match(value.text, /^top: middle/)
    assert.ok(charsOf(value) < logLimits.fieldChars + 1_000)
  })

  it('are texts of what is no error, and nothing of undefined', () => {
    assert.equal(errorText('text'), 'text')
    assert.equal(errorText({ a: 1 }), '{"a":1}')
    assert.equal(errorText(undefined), undefined)
  })
})

describe('secrets', () => {
  it('are hidden wherever their keys are', () => {
    const token = 's3cret'
    class Session {
      token = token
    }
    const values = [
      { token },
      [[{ a: { accessToken: token } }]],
      new Map([['Set-Cookie', token]]),
      new Map([[{ password: token }, 1]]),
      new Headers({ Authorization: token, Cookie: token }),
      { toJSON: () => ({ secret: token }) },
      new Session(),
      Object.assign(new Error('x'), { token }),
      new Error('x', { cause: Object.assign(new Error('y'), { password: token }) }),
      new Error('x', { cause: { password: token } }),
      new AggregateError([Object.assign(new Error('x'), { token })]),
      Object.entries({ authorization: token }),
      { rawHeaders: ['Authorization', token] },
      { [`${'x'.repeat(1_000)}_password`]: token },
      { password: { nested: [token] } },
      { password: () => token },
      new URL(`https://user:${token}@host/?api_key=${token}`),
    ]
    for (const value of values) {
      const text = JSON.stringify(logged(value), (_, each) => (each instanceof LoggedError ? { ...each } : each))
      assert.ok(!text.includes(token), text)
      assert.match(text, /\[redacted\]|%5Bredacted%5D/)
    }
  })

  it('are not even read', () => {
    const given = {
      get password() {
        return assert.fail('was read')
      },
      a: 1,
    }
    assert.deepEqual(logged(given), { password: '[redacted]', a: 1 })
  })

  it('are hidden where a path leads to them', () => {
    const paths = redact({
      paths: ['f.user.email', 'f.items.*.price', 'f.message', 'f.cause.message', 'f.note'],
      usual: false,
    })
    const under = (value: unknown) => new ValueWalk(paths, logLimits.recordChars).field('f', () => value)
    assert.deepEqual(under({ user: { email: 'e', name: 'n' }, email: 'e' }), {
      user: { email: '[redacted]', name: 'n' },
      email: 'e',
    })
    assert.deepEqual(under({ items: [{ price: 1, n: 2 }] }), { items: [{ price: '[redacted]', n: 2 }] })
    assert.deepEqual(under(new Map([['user', new Map([['email', 'e']])]])), { user: { email: '[redacted]' } })
    assert.deepEqual(under({ toJSON: () => ({ user: { email: 'e' } }) }), { user: { email: '[redacted]' } })
    const error = under(
      Object.assign(new Error('m3ssage', { cause: new Error('c4use') }), { note: 'n0te' }),
    ) as LoggedError
    assert.equal(error.text, '[redacted]')
    assert.doesNotMatch(JSON.stringify(error.details), /m3ssage|c4use|n0te/)
    const causes = redact({ paths: ['f.cause'] })
    const walk = new ValueWalk(causes, logLimits.recordChars)
    const hidden = walk.field('f', () => new Error('a', { cause: new Error('b') })) as LoggedError
    assert.deepEqual([hidden.text, hidden.details['cause']], ['a', '[redacted]'])
  })

  it('are shown where nothing is to be hidden', () => {
    assert.deepEqual(logValue({ token: 'x', list: [['token', 'y']] }, undefined), {
      token: 'x',
      list: [['token', 'y']],
    })
  })
})

describe('ValueWalk', () => {
  it('shares the room of a record between its fields', () => {
    const walk = new ValueWalk(undefined, 1_000)
    assert.equal(
      walk.field('a', () => 'x'.repeat(600)),
      'x'.repeat(600),
    )
    assert.equal(walk.left, 384)
    assert.equal(
      walk.field('b', () => 'x'.repeat(600)),
      `${'x'.repeat(368)}…(232 more)`,
    )
    assert.ok(walk.left <= 0)
    assert.equal(
      walk.field('c', () => ({ a: 1 })),
      '[too much]',
    )
    assert.equal(
      walk.field('d', () => 'text'),
      '…(4 more)',
    )
  })

  it('gives no field more than its share', () => {
    const walk = new ValueWalk(undefined, logLimits.recordChars)
    walk.field('a', () => Array(100).fill('x'.repeat(1_000)))
    const used = logLimits.recordChars - walk.left
    assert.ok(used >= logLimits.fieldChars && used < logLimits.fieldChars + 200, `${used}`)
  })
})
