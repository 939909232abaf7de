// Tests of endpoints.ts: handlers of every form become endpoints behind validation and middleware, in one order.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { manualClock } from '../testing/manual-clock.ts'
import { recordCalls } from '../testing/recorder.ts'
import { type Context, rootContext } from './context.ts'
import { bidiStream, clientStream, contract, type Handlers, serverStream, unary } from './contract.ts'
import type { Middleware } from './endpoint.ts'
import { endpoints } from './endpoints.ts'
import { ServiceError } from './errors.ts'
import type { Misfit } from './schema.ts'

const ctx = rootContext({ clock: manualClock() })
const Count = z.coerce.number().int()

const counting = contract('counting', {
  double: unary({ input: Count, output: z.number() }),
  raw: unary.of<unknown, unknown>(),
  upTo: serverStream({ input: Count, output: z.number() }),
  sum: clientStream({ input: Count, output: z.number() }),
  echo: bidiStream({ input: Count, output: z.number() }),
})

const handlers: Handlers<typeof counting> = {
  double: (n) => n * 2,
  raw: (request) => request,
  async *upTo(n) {
    for (let i = 1; i <= n; i++) yield i
  },
  async sum(numbers) {
    let sum = 0
    for await (const n of numbers) sum += n
    return sum
  },
  async *echo(numbers) {
    yield* numbers
  },
}

/** Endpoints of the contract with some of the handlers replaced. */
function serving(replaced: Partial<Handlers<typeof counting>>) {
  return endpoints(counting, { ...handlers, ...replaced })
}

async function* messages(...all: unknown[]): AsyncGenerator<unknown, void, undefined> {
  yield* all
}

async function read<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const message of stream) all.push(message)
  return all
}

/** What a call is rejected with, which may be anything. */
async function rejection(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (thrown) {
    return thrown
  }
  throw new assert.AssertionError({ message: 'it should be rejected' })
}

const isServiceError = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code

describe('endpoints', () => {
  it('serve all four kinds, each message of a request validated and what the schema makes of it handed over', async () => {
    const served = endpoints(counting, handlers)
    assert.equal(await served.double('21', ctx), 42)
    assert.deepEqual(await read(await served.upTo('3', ctx)), [1, 2, 3])
    assert.equal(await served.sum(messages('1', 2, '3'), ctx), 6)
    assert.deepEqual(await read(await served.echo(messages('1', 2), ctx)), [1, 2])
  })

  it('are frozen, and one for each method', () => {
    const served = endpoints(counting, handlers)
    assert.ok(Object.isFrozen(served))
    assert.deepEqual(Object.keys(served), Object.keys(counting.methods))
  })

  it('pass anything on where a method has types alone', async () => {
    const request = { any: ['thing'] }
    assert.equal(await serving({}).raw(request, ctx), request)
  })

  it('do not validate what a handler returns: the receiver does', async () => {
    assert.equal(await serving({ double: () => 'no number' as never }).double(1, ctx), 'no number')
  })

  it('give the handler the context of the call', async () => {
    const seen: Context[] = []
    const served = serving({ double: (_, inner) => seen.push(inner) })
    await served.double(1, ctx)
    assert.equal(seen[0], ctx)
  })
})

describe('what is wrong with a request', () => {
  it('is invalid_argument, and the handler does not run', async () => {
    const served = serving({ double: () => assert.fail('the handler ran'), upTo: () => assert.fail('the handler ran') })
    await assert.rejects(served.double('x', ctx), isServiceError('invalid_argument'))
    await assert.rejects(served.upTo('x', ctx), isServiceError('invalid_argument'))
  })

  it('is found by an asynchronous schema too', async () => {
    const even = z.number().refine(async (n) => n % 2 === 0)
    const ran: number[] = []
    const served = endpoints(contract('even', { half: unary({ input: even, output: z.number() }) }), {
      half: (n) => {
        ran.push(n)
        return n / 2
      },
    })
    await assert.rejects(served.half(3, ctx), isServiceError('invalid_argument'))
    assert.equal(await served.half(4, ctx), 2)
    assert.deepEqual(ran, [4])
  })

  it('is told as a rejection even when a schema throws', async () => {
    const bug = new Error('a bug in the schema')
    const input = z.string().transform(() => {
      throw bug
    })
    const served = endpoints(contract('broken', { run: unary({ input, output: z.never() }) }), {
      run: () => assert.fail('the handler ran'),
    })
    await assert.rejects(served.run('x', ctx), bug)
  })

  it('ends a stream of requests at that message, and closes what it came from', async () => {
    let closed = false
    async function* source() {
      try {
        yield* ['1', 'x', '3']
      } finally {
        closed = true
      }
    }
    const got: number[] = []
    const served = serving({
      async sum(numbers) {
        for await (const n of numbers) got.push(n)
        return 0
      },
    })
    await assert.rejects(served.sum(source(), ctx), isServiceError('invalid_argument'))
    assert.deepEqual(got, [1])
    assert.ok(closed)
  })

  it('does not reach a handler that goes on reading after the bad message', async () => {
    const errors: unknown[] = []
    const served = serving({
      async sum(numbers) {
        const reader = numbers[Symbol.asyncIterator]()
        await reader.next().catch((thrown: unknown) => errors.push(thrown))
        const { done } = await reader.next()
        assert.equal(done, true)
        return 7
      },
    })
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 'x', done: false as const }) }) }
    assert.equal(await served.sum(source, ctx), 7)
    assert.ok(isServiceError('invalid_argument')(errors[0]))
  })

  it('names the message’s path', async () => {
    const order = z.object({ items: z.array(z.object({ count: z.number() })) })
    const shop = contract('shop', { order: unary({ input: order, output: z.any() }) })
    const served = endpoints(shop, { order: () => 1 })
    await assert.rejects(served.order({ items: [{ count: 'x' as never }] }, ctx), (thrown: ServiceError) => {
      assert.equal((thrown.details as Misfit[])[0]?.path, 'items.0.count')
      return true
    })
  })
})

describe('a handler', () => {
  it('may be synchronous, asynchronous or give any thenable', async () => {
    // biome-ignore lint/suspicious/noThenProperty: what query builders give.
    const thenable = { then: (resolve: (n: number) => void) => resolve(5) }
    assert.equal(await serving({ double: () => 5 }).double(1, ctx), 5)
    assert.equal(await serving({ double: async () => 5 }).double(1, ctx), 5)
    assert.equal(await serving({ double: () => thenable as never }).double(1, ctx), 5)
  })

  it('may throw at once: that is a rejection with the very same thing', async () => {
    const answers = ['double', 'raw', 'upTo'] as const
    for (const thrown of [new ServiceError('not_found'), new Error('x'), undefined, 'text']) {
      const failing = (): never => {
        throw thrown
      }
      const served = serving({ double: failing, raw: failing, upTo: failing })
      for (const name of answers) {
        assert.equal(await rejection(served[name](1, ctx)), thrown)
      }
    }
  })

  it('may fail after messages of its stream', async () => {
    const bug = new Error('x')
    const served = serving({
      async *upTo() {
        yield 1
        throw bug
      },
    })
    const stream = (await served.upTo(1, ctx))[Symbol.asyncIterator]()
    assert.deepEqual(await stream.next(), { value: 1, done: false })
    await assert.rejects(stream.next(), bug)
  })

  it('must give an async iterable where the method returns a stream', async () => {
    const wrong = [undefined, null, 5, [1, 2], 'text', { [Symbol.asyncIterator]: 5 }, (function* () {})()]
    for (const response of wrong) {
      const served = serving({ upTo: () => response as never })
      await assert.rejects(served.upTo(1, ctx), {
        name: 'TypeError',
        message: /counting\/upTo must return an async it/,
      })
    }
    const served = serving({ upTo: async () => messages(1, 2) as AsyncIterable<number> })
    assert.deepEqual(await read(await served.upTo(1, ctx)), [1, 2])
  })

  it('is called as a method of the object it came from, private members included', async () => {
    class Counter {
      #calls = 0
      double(n: number) {
        this.#calls++
        return n * 2 + this.#calls
      }
      raw() {
        return this.#helper()
      }
      async *upTo() {
        yield this.#helper()
      }
      sum() {
        return this.#calls
      }
      async *echo() {}
      #helper() {
        return this.#calls
      }
      // A class has methods beside those it serves.
      reset() {
        this.#calls = 0
      }
    }
    const served = endpoints(counting, new Counter())
    assert.equal(await served.double(1, ctx), 3)
    assert.equal(await served.double(1, ctx), 4)
    assert.equal(await served.raw(1, ctx), 2)
    assert.deepEqual(await read(await served.upTo(1, ctx)), [2])
  })

  it('that is missing is refused when the service is built', () => {
    for (const missing of [undefined, null, 5, {}]) {
      assert.throws(() => endpoints(counting, { ...handlers, double: missing } as never), {
        name: 'TypeError',
        message: 'contract counting: the handler of method double is missing',
      })
    }
  })
})

describe('middleware', () => {
  it('runs in the order use, validation, the method’s own, handler', async () => {
    const log: string[] = []
    const noting = (name: string): Middleware => {
      return (next) => (request, inner) => {
        log.push(`${name} got ${JSON.stringify(request)}`)
        return next(request, inner).finally(() => log.push(`${name} done`))
      }
    }
    const input = z.string().transform((text) => {
      log.push('validates')
      return Number(text)
    })
    const shop = contract('shop', { order: unary({ input, output: z.number() }) })
    const order = (n: number) => log.push(`handler got ${n}`)
    const served = endpoints(
      shop,
      { order },
      { use: [noting('outer'), noting('inner')], methods: { order: [noting('first'), noting('second')] } },
    )
    await served.order('7', ctx)
    assert.deepEqual(log, [
      'outer got "7"',
      'inner got "7"',
      'validates',
      'first got 7',
      'second got 7',
      'handler got 7',
      'second done',
      'first done',
      'inner done',
      'outer done',
    ])
  })

  it('of use sees a request that does not fit fail; the method’s own does not see it at all', async () => {
    const outside = recordCalls()
    const inside = recordCalls()
    const served = endpoints(counting, handlers, { use: [outside], methods: { double: [inside] } })
    await assert.rejects(served.double('x', ctx))
    assert.equal(outside.calls[0]?.outcome?.code, 'invalid_argument')
    assert.equal(inside.calls.length, 0)
  })

  it('of use stands around every method, and a method’s own around that one alone', async () => {
    const all = recordCalls()
    const doubles = recordCalls()
    const served = endpoints(counting, handlers, { use: [all], methods: { double: [doubles], raw: undefined } })
    await served.double(1, ctx)
    await served.raw(1, ctx)
    await read(await served.upTo(2, ctx))
    assert.equal(await served.sum(messages(1, 2), ctx), 3)
    assert.deepEqual(await read(await served.echo(messages(1), ctx)), [1])
    assert.equal(all.calls.length, 5)
    assert.deepEqual(all.calls[2]?.messages, [1, 2])
    assert.equal(doubles.calls.length, 1)
  })

  it('of one method may make a response', async () => {
    const served = endpoints(counting, handlers, {
      methods: { double: [(next) => async (n, inner) => (n === 0 ? -1 : next(n, inner))] },
    })
    assert.equal(await served.double(0, ctx), -1)
    assert.equal(await served.double(2, ctx), 4)
  })

  it('for a method that the contract does not have is refused', () => {
    assert.throws(() => endpoints(counting, handlers, { methods: { triple: [] } as never }), {
      name: 'TypeError',
      message: 'methods: contract counting has no method triple',
    })
    assert.throws(() => endpoints(counting, handlers, { methods: { valueOf: [] } as never }), TypeError)
  })
})
