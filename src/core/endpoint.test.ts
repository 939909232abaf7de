// Tests of endpoint.ts: middleware composes in order, and a tap sees every end of every kind without changing any.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type Context, rootContext } from './context.ts'
import { chain, type Endpoint, type Middleware, tap } from './endpoint.ts'
import { ServiceError } from './errors.ts'
import { noMethod } from './method.ts'
import type { Outcome } from './outcome.ts'

const ctx = rootContext({ clock: manualClock() })

/** A middleware that notes when it is passed in either direction. */
function noting(name: string, log: string[]): Middleware {
  return (next) => (request, inner) => {
    log.push(`${name} in`)
    return next(request, inner).finally(() => log.push(`${name} out`))
  }
}

describe('chain', () => {
  it('of none is the endpoint itself', () => {
    const endpoint = async (n: number) => n
    assert.equal(chain()(endpoint), endpoint)
  })

  it('of one is that one', async () => {
    const log: string[] = []
    const endpoint = chain(noting('a', log))(async (n: number) => n + 1)
    assert.equal(await endpoint(1, ctx), 2)
    assert.deepEqual(log, ['a in', 'a out'])
  })

  it('of many has the first outermost', async () => {
    const log: string[] = []
    const endpoint = chain(noting('a', log), noting('b', log), noting('c', log))(async (n: number) => n + 1)
    assert.equal(await endpoint(1, ctx), 2)
    assert.deepEqual(log, ['a in', 'b in', 'c in', 'c out', 'b out', 'a out'])
  })

  it('composes when the service is built, and can be used for several endpoints', async () => {
    let built = 0
    const counting: Middleware = (next) => {
      built++
      return next
    }
    const both = chain(counting, counting)
    assert.equal(built, 0)
    const first = both(async (n: number) => n)
    const second = both(async (text: string) => text)
    assert.equal(built, 4)
    assert.equal(await first(1, ctx), 1)
    assert.equal(await second('x', ctx), 'x')
    assert.equal(built, 4)
  })

  it('nests', async () => {
    const log: string[] = []
    await chain(chain(noting('a', log), noting('b', log)), noting('c', log))(async () => {})(1, ctx)
    assert.deepEqual(log.slice(0, 3), ['a in', 'b in', 'c in'])
  })
})

/** What a tap saw, as text; each call's state is its number. */
class Watch {
  readonly log: string[] = []
  readonly outcomes: Outcome[] = []
  #calls = 0

  around<Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> {
    return tap<Req, Res, number>(next, {
      onStart: (_ctx, request) => {
        this.log.push(`start ${String(request)}`)
        return ++this.#calls
      },
      onMessage: (state, message) => this.log.push(`${state}: ${String(message)}`),
      onEnd: (state, outcome) => {
        this.outcomes.push(outcome)
        this.log.push(`${state}: ${outcome.code}`)
      },
    })
  }
}

/** A stream that notes when it is closed. */
async function* stream(log: string[], count: number, thrown?: { readonly thrown: unknown }) {
  try {
    for (let n = 1; n <= count; n++) yield n
    if (thrown !== undefined) throw thrown.thrown
  } finally {
    log.push('closed')
  }
}

async function read(messages: AsyncIterable<number>): Promise<number[]> {
  const all: number[] = []
  for await (const message of messages) all.push(message)
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

describe('tap on a unary endpoint', () => {
  it('sees the request, then the response, and changes neither', async () => {
    const watch = new Watch()
    const response = { total: 3 }
    const seen: Context[] = []
    const endpoint = watch.around(async (_request: string, inner) => {
      seen.push(inner)
      return response
    })
    assert.equal(await endpoint('r', ctx), response)
    assert.equal(seen[0], ctx)
    assert.deepEqual(watch.log, ['start r', '1: ok'])
    assert.equal(watch.outcomes[0]?.failure, undefined)
  })

  it('keeps the states of concurrent calls apart', async () => {
    const watch = new Watch()
    const clock = manualClock()
    const slowFirst = scriptedEndpoint<string, void>([{ delayMs: 20 }, { delayMs: 10 }])
    const endpoint = watch.around(slowFirst)
    const inner = rootContext({ clock })
    const both = Promise.all([endpoint('a', inner), endpoint('b', inner)])
    await clock.runAll()
    await both
    assert.deepEqual(watch.log, ['start a', 'start b', '2: ok', '1: ok'])
  })

  it('sees an error and passes on the very same one', async () => {
    for (const thrown of [new ServiceError('not_found'), new Error('x'), undefined, null, 'text']) {
      const watch = new Watch()
      const endpoint = watch.around(() => Promise.reject(thrown))
      assert.equal(await rejection(endpoint('r', ctx)), thrown)
      assert.deepEqual(watch.log, ['start r', thrown instanceof ServiceError ? '1: not_found' : '1: internal'])
    }
  })

  it('sees what is thrown in place of a rejection, and makes a rejection of it', async () => {
    const watch = new Watch()
    const bug = new TypeError('a middleware without async')
    const endpoint = watch.around((): Promise<void> => {
      throw bug
    })
    await assert.rejects(endpoint('r', ctx), bug)
    assert.deepEqual(watch.log, ['start r', '1: internal'])
  })

  it('sees the business failure that the method finds in a good response', async () => {
    const failed = (response: unknown) => (response as { error?: string }).error
    const watch = new Watch()
    const endpoint = watch.around(async (_: string) => ({ error: 'sold out' }))
    await endpoint('r', rootContext({ method: { ...noMethod, failed } }))
    assert.deepEqual(watch.outcomes, [{ code: 'ok', error: undefined, failure: 'sold out' }])
  })

  it('gives the response although the method cannot look into it for a failure', async () => {
    const watch = new Watch()
    const method = { ...noMethod, failed: (response: unknown) => (response as { error?: string }).error }
    assert.equal(await watch.around(async () => undefined)('r', rootContext({ method })), undefined)
    assert.ok(watch.outcomes[0]?.failure instanceof TypeError)
  })

  it('may leave messages out', async () => {
    const ends: string[] = []
    const endpoint = tap(async (n: number) => stream([], n), {
      onStart: () => 0,
      onEnd: (_, { code }) => ends.push(code),
    })
    assert.deepEqual(await read(await endpoint(2, ctx)), [1, 2])
    assert.deepEqual(ends, ['ok'])
  })
})

describe('tap on a stream of responses', () => {
  it('sees each message, and the end when it was read to the end', async () => {
    const watch = new Watch()
    const messages = await watch.around(async (_: string) => stream(watch.log, 2))('r', ctx)
    assert.deepEqual(watch.log, ['start r'], 'the headers are not the end')
    assert.deepEqual(await read(messages), [1, 2])
    assert.deepEqual(watch.log, ['start r', '1: 1', '1: 2', 'closed', '1: ok'])
  })

  it('sees the end once when the reader leaves early, and closes the source', async () => {
    const watch = new Watch()
    for await (const _ of await watch.around(async (_: string) => stream(watch.log, 5))('r', ctx)) break
    assert.deepEqual(watch.log, ['start r', '1: 1', '1: ok', 'closed'])
  })

  it('sees a failure midway once, and passes it on', async () => {
    for (const thrown of [new Error('x'), new ServiceError('internal'), undefined, null, 0]) {
      const watch = new Watch()
      const endpoint = watch.around(async (_: string) => stream(watch.log, 1, { thrown }))
      assert.equal(await rejection(endpoint('r', ctx).then(read)), thrown)
      assert.deepEqual(watch.log, ['start r', '1: 1', 'closed', '1: internal'])
    }
  })

  it('sees a stream that never began as an error', async () => {
    const watch = new Watch()
    const endpoint = watch.around((_: string): Promise<AsyncIterable<number>> => Promise.reject(new Error('x')))
    await assert.rejects(endpoint('r', ctx))
    assert.deepEqual(watch.log, ['start r', '1: internal'])
  })

  it('does not ask a stream for a business failure', async () => {
    const watch = new Watch()
    const method = {
      ...noMethod,
      kind: 'serverStream',
      failed: () => assert.fail('it has no single response'),
    } as const
    await read(await watch.around(async (_: string) => stream([], 1))('r', rootContext({ method })))
    assert.deepEqual(watch.outcomes, [{ code: 'ok', error: undefined, failure: undefined }])
  })
})
