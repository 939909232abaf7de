// Handlers that throw anything, answer with what is no JSON, or never answer; and clients that go away meanwhile.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Context, reply, ServiceError } from 'servicekit'
import { eventually } from 'servicekit/testing/eventually'
import { goodRequest, isProblem, request, Victim } from './victim.ts'

const secret = 'postgres://admin:hunter2@db'

class CarGone extends ServiceError {
  readonly secret = secret
  constructor() {
    super('not_found', 'no such car', { details: { id: 7 }, cause: new Error(secret) })
  }
  override toJSON(): never {
    throw new Error(secret)
  }
  override toString(): never {
    throw new Error(secret)
  }
}

const explode = () => {
  throw new Error(secret)
}
const traps = Object.fromEntries(Reflect.ownKeys(Reflect).map((name) => [name, explode]))
const circular: Record<string, unknown> = { secret: 1 }
circular['self'] = circular
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const thrown: Readonly<Record<string, unknown>> = {
  'an Error': new Error(secret),
  'a RangeError with a cause': new RangeError(secret, { cause: new Error(secret) }),
  'a string': secret,
  'a number': 7,
  'a symbol': Symbol(secret),
  'a bigint': 7n,
  undefined: undefined,
  null: null,
  false: false,
  'a function': explode,
  'a Proxy that throws at every look': new Proxy({}, traps),
  'a Proxy of an Error that throws at every look': new Proxy(new Error('x'), traps),
  'a revoked Proxy': revoked(),
  'an object with a toString that throws': { toString: explode, toJSON: explode, [Symbol.toPrimitive]: explode },
  'an object whose members throw': Object.defineProperties(
    {},
    { message: { get: explode }, code: { get: explode }, name: { get: explode } },
  ),
  'an object without a prototype': Object.create(null),
  'a look-alike': { name: 'ServiceError', code: 'not_found', message: secret, status: 200 },
  'a promise': Promise.resolve(secret),
  'an AbortError': new DOMException(secret, 'AbortError'),
  'a TimeoutError': new DOMException(secret, 'TimeoutError'),
  'a circular object': circular,
  'an array of Errors': new AggregateError([new Error(secret)], secret),
}

/** What a handler can answer that is no JSON. */
const answers: Readonly<Record<string, unknown>> = {
  'a bigint': 7n,
  'a circular object': circular,
  'a toJSON that throws': { toJSON: explode },
  'a Proxy that throws at every look': new Proxy({}, traps),
  'a member that throws': Object.defineProperty({}, 'x', { enumerable: true, get: explode }),
}

let victim: Victim
let act: (ctx: Context) => unknown = () => null
before(async () => {
  victim = await Victim.start(
    {},
    {
      echo: (_, ctx) => act(ctx),
      async *count(_, ctx) {
        yield { n: 1 }
        yield (await act(ctx)) as { n: number }
      },
      add: async (numbers, ctx) => {
        for await (const _ of numbers) await act(ctx)
        return 0
      },
    },
  )
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

describe('a handler that throws', () => {
  for (const [name, value] of Object.entries(thrown)) {
    const fails = () => {
      throw value
    }
    for (const [way, how] of Object.entries({ 'at once': fails, 'in a promise': () => setImmediate().then(fails) })) {
      it(`is answered with a text that tells nothing: ${name}, ${way}`, async () => {
        act = how
        const http = await victim.connect()
        await http.write(request('POST /echo', '1') + goodRequest)
        const answer = await http.reply()
        assert.equal(answer.status, 500)
        const { detail, details } = isProblem(answer, 'internal')
        assert.deepEqual([detail, details], ['internal error', undefined])
        assert.doesNotMatch(answer.body, /hunter2/)
        assert.equal((await http.reply(2)).status, 200)
        await victim.isWell('echo', 'sum')
      })
    }

    it(`ends its stream with the same text: ${name}`, async () => {
      act = fails
      const http = await victim.connect()
      await http.write(request('GET /count/2'))
      const { status, body } = await http.reply()
      const [first, last = ''] = body.split('\n')
      assert.deepEqual([status, first], [200, '{"n":1}'])
      assert.deepEqual(JSON.parse(last.replace('\x1e', '')).detail, 'internal error')
      assert.doesNotMatch(body, /hunter2/)
      await victim.isWell('count')
    })

    it(`is answered while its caller still sends: ${name}`, async () => {
      act = fails
      const http = await victim.connect()
      await http.write('POST /add HTTP/1.1\r\nhost: victim\r\ntransfer-encoding: chunked\r\n\r\n2\r\n1\n\r\n')
      assert.equal((await http.reply()).status, 500)
      await victim.isWell('add')
    })
  }

  it('is answered with what a ServiceError says, and nothing of what a subclass has besides', async () => {
    act = () => Promise.reject(new CarGone())
    const http = await victim.connect()
    await http.write(request('POST /echo', '1'))
    const answer = await http.reply()
    assert.equal(answer.status, 404)
    const { detail, details } = isProblem(answer, 'not_found')
    assert.deepEqual([detail, details], ['no such car', { id: 7 }])
    assert.doesNotMatch(answer.body, /hunter2|secret/)
    await victim.isWell('echo')
  })

  for (const [name, details] of Object.entries(answers)) {
    it(`is answered without details that are no JSON: ${name}`, async () => {
      act = () => Promise.reject(new ServiceError('aborted', 'twice', { details }))
      const http = await victim.connect()
      await http.write(request('POST /echo', '1'))
      const answer = await http.reply()
      assert.equal(answer.status, 409)
      assert.equal(isProblem(answer, 'aborted').details, undefined)
      await victim.isWell('echo')
    })
  }
})

describe('a handler that answers with what is no JSON', () => {
  for (const [name, value] of Object.entries(answers)) {
    it(`is answered with 500: ${name}`, async () => {
      act = () => value
      const http = await victim.connect()
      await http.write(request('POST /echo', '1'))
      const answer = await http.reply()
      assert.equal(answer.status, 500)
      assert.equal(isProblem(answer, 'internal').detail, 'internal error')
      await victim.isWell('echo')
    })

    it(`ends its stream: ${name}`, async () => {
      act = () => value
      const http = await victim.connect()
      await http.write(request('GET /count/2'))
      const last = (await http.reply()).body.split('\n')[1] ?? ''
      assert.equal(JSON.parse(last.replace('\x1e', '')).code, 'internal')
      await victim.isWell('count')
    })
  }

  for (const [name, value] of Object.entries({
    undefined: undefined,
    'a function': explode,
    'a symbol': Symbol('x'),
  })) {
    it(`is answered without a body where JSON has nothing for it: ${name}`, async () => {
      act = () => value
      const http = await victim.connect()
      await http.write(request('POST /echo', '1') + goodRequest)
      const { status, headers } = await http.reply(1)
      assert.deepEqual([status, headers.get('content-length')], [204, undefined])
      assert.equal((await http.reply(2)).status, 200)
      await victim.isWell('echo', 'sum')
    })
  }
})

describe('a handler that would break the reply', () => {
  for (const [name, breaks] of Object.entries<(ctx: Context) => unknown>({
    'a header that splits it': (ctx) => reply(ctx).setHeader('x', 'a\r\nx-evil: 1'),
    'a header with a name that splits it': (ctx) => reply(ctx).setHeader('x: 1\r\ny', 'a'),
    'a length of its own': (ctx) => reply(ctx).setHeader('content-length', '3'),
    'an encoding of its own': (ctx) => reply(ctx).setHeader('Transfer-Encoding', 'chunked'),
    'a status that is none': (ctx) => reply(ctx).setStatus(99),
    'a cookie that splits it': (ctx) => reply(ctx).setCookie('a', 'b', { path: '/\r\nset-cookie: evil=1' }),
  })) {
    it(`fails by itself: ${name}`, async () => {
      act = breaks
      const http = await victim.connect()
      await http.write(request('POST /echo', '1') + goodRequest)
      const answer = await http.reply(1)
      assert.equal(answer.status, 500)
      isProblem(answer, 'internal')
      assert.doesNotMatch(JSON.stringify([...answer.headers]), /evil/)
      assert.equal((await http.reply(2)).status, 200)
      await victim.isWell('echo', 'sum')
    })
  }
})

describe('a handler that never answers', () => {
  it('is answered for at the deadline, and its context is aborted', async () => {
    let ctx: Context | undefined
    act = (given) => {
      ctx = given
      return new Promise(() => {})
    }
    const http = await victim.connect()
    await http.write(request('POST /echo', '1', ['request-timeout-ms: 50']) + goodRequest)
    const answer = await http.reply(1)
    assert.equal(answer.status, 504)
    isProblem(answer, 'deadline_exceeded')
    assert.equal(ctx?.aborted, true)
    assert.equal((await http.reply(2)).status, 200)
    await victim.isWell('echo', 'sum')
    assert.equal(victim.server.stats.inFlight, 0)
  })

  for (const [name, data] of Object.entries({
    'a unary call': request('POST /echo', '1'),
    'a stream of responses': request('GET /count/1'),
    'a stream of requests': 'POST /add HTTP/1.1\r\nhost: victim\r\ntransfer-encoding: chunked\r\n\r\n2\r\n1\n\r\n',
  })) {
    for (const [way, leaves] of Object.entries({ 'with a reset': 'resetAndDestroy', 'in peace': 'destroy' } as const)) {
      it(`hears within a turn of the loop that its caller has gone: ${name}, ${way}`, async () => {
        const begun = Promise.withResolvers<Context>()
        act = (ctx) => {
          begun.resolve(ctx)
          return new Promise(() => {})
        }
        const http = await victim.connect()
        await http.write(data)
        const ctx = await begun.promise
        http.socket[leaves]()
        // The network's turns: until the server's end of the socket has closed.
        for (let turn = 0; turn < 10 && !ctx.aborted; turn++) await setImmediate()
        assert.equal(ctx.aborted, true)
        assert.equal((ctx.cause as ServiceError).code, 'canceled')
        await eventually(() => victim.server.stats.inFlight === 0)
        await victim.isWell(...victim.calls)
      })
    }
  }
})
