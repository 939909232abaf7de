// Tests of errors.ts: what becomes a ServiceError, what crosses a wire, and that nothing thrown at it can break it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Code, codes, type Retry } from './codes.ts'
import { markRemote, restated, ServiceError, sharedError } from './errors.ts'

const codeNames = Object.keys(codes) as Code[]

const copy = (await import(new URL('./errors.ts?copy', import.meta.url).href)) as typeof import('./errors.ts')

function refuse(): never {
  throw new Error('do not look')
}

const throwingTraps = new Proxy(
  {},
  {
    get: refuse,
    has: refuse,
    getPrototypeOf: refuse,
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
  },
)
const { proxy: revokedProxy, revoke } = Proxy.revocable({}, {})
revoke()
const yesToAll: object = new Proxy({}, { has: () => true, get: () => yesToAll })

/** What throws, or lies, when it is looked at. */
const hostile: readonly unknown[] = [
  throwingTraps,
  revokedProxy,
  yesToAll,
  Object.defineProperty({}, 'name', { get: refuse }),
  Object.defineProperty(new Error('x'), 'name', { get: refuse }),
  Object.defineProperty({}, 'code', { get: refuse, enumerable: true }),
  { toString: refuse, valueOf: refuse, toJSON: refuse },
  Object.create(null),
]

const primitives: readonly unknown[] = [
  undefined,
  null,
  0,
  Number.NaN,
  '',
  'secret',
  true,
  10n,
  Symbol('secret'),
  () => 'secret',
]

describe('a ServiceError', () => {
  it('means for retries what its code means', () => {
    for (const code of codeNames) assert.equal(new ServiceError(code).retry, codes[code].retry)
  })

  it('means for retries what its maker knows better', () => {
    assert.equal(new ServiceError('resource_exhausted', 'full', { retry: 'safe' }).retry, 'safe')
    assert.equal(new ServiceError('unavailable', 'spent', { retry: 'never' }).retry, 'never')
  })

  it('takes its code for a missing message, and keeps an empty one', () => {
    assert.equal(new ServiceError('not_found').message, 'not_found')
    assert.equal(new ServiceError('not_found', '').message, '')
  })

  it('refuses what is no code, with the codes there are', () => {
    for (const code of ['ok', 'toString', undefined, 5, Symbol('x')]) {
      assert.throws(() => new ServiceError(code as Code), { name: 'TypeError', message: /one of canceled, unknown/ })
    }
  })

  it('is an Error with a name, a stack and a cause', () => {
    const cause = new Error('below')
    const error = new ServiceError('internal', 'broken', { cause })
    assert.ok(error instanceof Error)
    assert.equal(String(error), 'ServiceError: broken')
    assert.match(error.stack ?? '', /errors\.test\.ts/)
    assert.equal(error.cause, cause)
    assert.deepEqual(Object.keys(error).includes('name'), false, 'the name is on the prototype')
  })

  it('has a cause only when one is given', () => {
    assert.equal('cause' in new ServiceError('internal', 'x', { cause: undefined }), false)
    assert.equal(new ServiceError('internal', 'x', { cause: null }).cause, null)
  })
})

describe('instanceof ServiceError', () => {
  it('is false for all that is none', () => {
    const others = [...primitives, ...hostile, {}, [], new Error('x'), { code: 'internal', message: 'x' }]
    for (const value of others) assert.equal(value instanceof ServiceError, false)
  })

  it('recognises the errors of another copy of the package, both ways', () => {
    assert.notEqual(copy.ServiceError, ServiceError)
    const theirs = new copy.ServiceError('not_found', 'of the copy')
    assert.ok(theirs instanceof ServiceError)
    assert.ok(new ServiceError('not_found') instanceof copy.ServiceError)
    assert.equal(ServiceError.from(theirs), theirs)
    assert.equal(ServiceError.fromAbort(theirs), theirs)
  })

  it('lets a subclass tell its own instances from others', () => {
    class OutOfStock extends ServiceError {}
    class SoldOut extends OutOfStock {}
    const error = new SoldOut('failed_precondition')
    assert.ok(error instanceof ServiceError && error instanceof OutOfStock && error instanceof SoldOut)
    assert.ok(error instanceof copy.ServiceError)
    assert.equal(new OutOfStock('failed_precondition') instanceof SoldOut, false)
    assert.equal(new ServiceError('failed_precondition') instanceof OutOfStock, false)
    for (const value of [...primitives, {}]) assert.equal(value instanceof OutOfStock, false)
  })

  it('lets a subclass have a name of its own', () => {
    class OutOfStock extends ServiceError {
      override readonly name = 'OutOfStock'
    }
    assert.equal(String(new OutOfStock('failed_precondition', 'none left')), 'OutOfStock: none left')
  })
})

describe('ServiceError.from', () => {
  it('returns a ServiceError as it is', () => {
    const error = new ServiceError('aborted', 'conflict')
    assert.equal(ServiceError.from(error), error)
  })

  it('makes anything else internal, with a text that tells nothing and the original as cause', () => {
    for (const thrown of [...primitives, ...hostile, new Error('secret'), { message: 'secret' }]) {
      const error = ServiceError.from(thrown)
      assert.equal(error.code, 'internal')
      assert.equal(error.retry, 'never')
      assert.equal(error.message, 'internal error')
      assert.ok(Object.is(error.cause, thrown))
    }
  })
})

describe('ServiceError.fromAbort', () => {
  it('returns a ServiceError as it is', () => {
    const error = new ServiceError('unavailable', 'going down', { retry: 'safe' })
    assert.equal(ServiceError.fromAbort(error), error)
  })

  it('makes a time-out of the platform deadline_exceeded', () => {
    const reason = new DOMException('it took too long', 'TimeoutError')
    const error = ServiceError.fromAbort(reason)
    assert.equal(error.code, 'deadline_exceeded')
    assert.equal(error.cause, reason)
  })

  it('makes every other reason canceled, with the reason as cause', () => {
    const impostor = { name: 'TimeoutError' }
    for (const reason of [AbortSignal.abort().reason, new Error('enough'), impostor, ...primitives, ...hostile]) {
      const error = ServiceError.fromAbort(reason)
      assert.equal(error.code, 'canceled')
      assert.equal(error.retry, 'never')
      assert.ok(Object.is(error.cause, reason))
    }
  })
})

describe('ServiceError.fromJSON', () => {
  it('gives back what toJSON said', () => {
    const retries: Retry[] = ['never', 'safe', 'if_idempotent']
    const errors = fc.record({
      code: fc.constantFrom(...codeNames),
      message: fc.string(),
      retry: fc.constantFrom(...retries),
      details: fc.option(fc.jsonValue(), { nil: undefined }),
      retryAfterMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined }),
    })
    fc.assert(
      fc.property(errors, ({ code, message, ...options }) => {
        const sent = JSON.stringify(new ServiceError(code, message, options))
        assert.equal(JSON.stringify(ServiceError.fromJSON(JSON.parse(sent))), sent)
      }),
    )
  })

  it('makes unknown of a body that is not understood', () => {
    const bodies = [...primitives, ...hostile, [], {}, { code: 7 }, { code: 'toString' }, { code: 'OK' }]
    for (const body of bodies) {
      const error = ServiceError.fromJSON(body)
      assert.equal(error.code, 'unknown')
      assert.equal(error.retry, 'never')
      assert.equal(typeof error.message, 'string')
      assert.equal(error.retryAfterMs, undefined)
    }
  })

  it('keeps what is understood of a body with nonsense in it', () => {
    const error = ServiceError.fromJSON({ code: 'unavailable', message: 5, retry: 'always', details: [1], stack: 'x' })
    const kept = { code: 'unavailable', message: 'unavailable', retry: 'if_idempotent', details: [1] }
    assert.deepEqual(JSON.parse(JSON.stringify(error)), kept)
  })

  it('leaves out a retryAfterMs that makes no sense', () => {
    for (const retryAfterMs of [-1, Number.NaN, Infinity, '5', null, {}]) {
      assert.equal(ServiceError.fromJSON({ code: 'unavailable', retryAfterMs }).retryAfterMs, undefined)
    }
    assert.equal(ServiceError.fromJSON({ code: 'unavailable', retryAfterMs: 0 }).retryAfterMs, 0)
  })

  it('never throws, whatever the body', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), (body) => {
        assert.ok(ServiceError.fromJSON(body) instanceof ServiceError)
      }),
    )
  })
})

describe('toJSON', () => {
  it('has what crosses a wire, and neither cause nor stack', () => {
    const error = new ServiceError('resource_exhausted', 'slow down', {
      details: { limit: 5 },
      retryAfterMs: 250,
      cause: new Error('secret'),
    })
    markRemote(error, 'shop/order')
    assert.deepEqual(error.toJSON(), {
      code: 'resource_exhausted',
      message: 'slow down',
      retry: 'never',
      details: { limit: 5 },
      retryAfterMs: 250,
    })
    assert.doesNotMatch(JSON.stringify({ nested: [error] }), /secret|stack|shop/)
  })

  it('leaves out what is not there, and keeps what is false', () => {
    assert.equal(JSON.stringify(new ServiceError('aborted')), '{"code":"aborted","message":"aborted","retry":"never"}')
    const falsy = new ServiceError('aborted', '', { details: null, retryAfterMs: 0 })
    assert.deepEqual(falsy.toJSON(), { code: 'aborted', message: '', retry: 'never', details: null, retryAfterMs: 0 })
  })
})

describe('markRemote', () => {
  it('names the call nearest to the fault, and no other', () => {
    const error = ServiceError.fromJSON({ code: 'unavailable' })
    assert.equal(error.remote, undefined)
    assert.equal(markRemote(error, 'stock/reserve'), error)
    assert.equal(markRemote(error, 'shop/order'), error)
    assert.equal(error.remote, 'stock/reserve')
  })

  it('copies an error that the program made, which it may throw again and again', () => {
    const error = new ServiceError('not_found', 'no such order', { details: 7, retryAfterMs: 1 })
    const marked = markRemote(error, 'shop/order')
    assert.equal(marked.remote, 'shop/order')
    assert.equal(error.remote, undefined)
    assert.deepEqual(marked.toJSON(), error.toJSON())
    assert.equal(marked.cause, error)
  })
})

describe('sharedError', () => {
  it('has an error marked as a copy that would have been marked where it is', () => {
    const error = ServiceError.fromJSON({ code: 'unavailable' })
    assert.equal(sharedError(error), error)
    assert.equal(markRemote(error, 'shop/order').remote, 'shop/order')
    assert.equal(error.remote, undefined)
  })
})

describe('restated', () => {
  it('says the same but for the retry, and has the original as cause', () => {
    const error = new ServiceError('unavailable', 'down', { details: { zone: 'b' }, retry: 'safe', retryAfterMs: 9 })
    markRemote(error, 'stock/reserve')
    const again = restated(error, 'if_idempotent')
    assert.deepEqual(again.toJSON(), { ...error.toJSON(), retry: 'if_idempotent' })
    assert.equal(again.cause, error)
    assert.equal(again.remote, undefined)
  })
})
