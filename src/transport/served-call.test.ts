// Tests of served-call.ts: calls with streams end once for handler, reader and sender, and let go of all they hold.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Context } from '../core/context.ts'
import { bidiStream, clientStream, contract, serverStream } from '../core/contract.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { endpoints } from '../core/endpoints.ts'
import { ServiceError } from '../core/errors.ts'
import type { MethodInfo } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { Dispatcher, type DispatchOptions, mounted } from './dispatch.ts'
import type { CallFailed } from './hooks.ts'
import type { InboundCall, Mounted, ServedCall } from './served-call.ts'

const flows = contract('flows', {
  list: serverStream.of<unknown, unknown>(),
  sum: clientStream.of<unknown, unknown>(),
  talk: bidiStream.of<unknown, unknown>(),
})
type Name = keyof typeof flows.methods

/** A stream that the wire hands over, whose messages come when the test says so. */
class Requests implements AsyncIterableIterator<unknown, undefined> {
  closed = 0
  readonly #waiting: PromiseWithResolvers<IteratorResult<unknown, undefined>>[] = [];

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const waiting = Promise.withResolvers<IteratorResult<unknown, undefined>>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.closed++
    return Promise.resolve({ done: true, value: undefined })
  }

  give(value: unknown): void {
    this.#waiting.shift()?.resolve({ done: false, value })
  }

  end(): void {
    this.#waiting.shift()?.resolve({ done: true, value: undefined })
  }

  fail(thrown: unknown): void {
    this.#waiting.shift()?.reject(thrown)
  }
}

/** A call that a wire hands over, and what came of it. */
class Call implements InboundCall {
  readonly headers = new Map<string, string>()
  readonly peer = ''
  readonly requests = new Requests()
  readonly errors: ServiceError[] = []
  readonly responses: unknown[] = []
  readonly streams: AsyncIterable<unknown>[] = []
  readonly method: string
  readonly deadlineAt: number | undefined

  constructor(name: Name, deadlineAt?: number) {
    this.method = `flows/${name}`
    this.deadlineAt = deadlineAt
  }

  decode(): unknown {
    return this.method === 'flows/list' ? 1 : this.requests
  }

  respond(response: unknown): void {
    this.responses.push(response)
  }

  stream(stream: AsyncIterable<unknown>): void {
    this.streams.push(stream)
  }

  refuse(error: ServiceError): void {
    this.errors.push(error)
  }

  /** What the wire reads of the responses; it is read once. */
  get reader(): AsyncIterator<unknown> {
    const [stream] = this.streams
    assert.ok(stream, 'no stream of responses has begun')
    assert.equal(this.errors.length + this.responses.length, 0)
    return stream[Symbol.asyncIterator]()
  }
}

type Handle = (request: unknown, ctx: Context) => unknown

/** A server whose three methods share one handler. */
class Server {
  readonly clock = manualClock()
  readonly errors = recorder<CallFailed>()
  readonly late = recorder<{ readonly method: MethodInfo }>()
  readonly dispatcher: Dispatcher

  constructor(handle: Handle, options?: DispatchOptions, methods?: readonly Mounted[]) {
    const handlers = { list: handle, sum: handle, talk: handle } as never
    this.dispatcher = new Dispatcher(methods ?? mounted(flows, endpoints(flows, handlers)), {
      clock: this.clock,
      onError: this.errors,
      onLateReply: this.late,
      ...options,
    })
  }

  dispatch(call: Call): ServedCall {
    const served = this.dispatcher.dispatch(call, this.clock.now())
    assert.ok(served, 'it was refused')
    return served
  }

  async serve(call: Call): Promise<ServedCall> {
    const served = this.dispatch(call)
    await this.clock.settle()
    return served
  }

  /** Asserts that nothing of any call is left. */
  isIdle(): void {
    assert.equal(this.dispatcher.stats.inFlight, 0)
    assert.equal(this.clock.pending, 0)
  }

  /** The codes that those who watch were told. */
  get codes(): readonly string[] {
    return this.errors.events.map(({ error }) => error.code)
  }
}

/** A handler that gives these messages, and notes when its stream is closed. */
function giving(log: string[], ...messages: unknown[]): Handle {
  return async function* () {
    try {
      yield* messages
    } finally {
      log.push('closed')
    }
  }
}

/** What a promise is rejected with. */
async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  try {
    await promise
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, `a ServiceError, but ${String(thrown)} was thrown`)
    return thrown
  }
  throw new assert.AssertionError({ message: 'it should fail' })
}

/** What a call was refused with. */
const codesOf = (call: Call) => call.errors.map(({ code }) => code)

const isDone = { done: true, value: undefined }
const bug = new Error('a bug')
const never = () => new Promise<never>(() => {})

describe('a stream of responses', () => {
  it('that is read to the end ends its call', async () => {
    const log: string[] = []
    const server = new Server(giving(log, 'a', 'b'))
    const call = new Call('list')
    await server.serve(call)
    assert.equal(server.dispatcher.stats.inFlight, 1)
    const { reader } = call
    assert.deepEqual(await reader.next(), { done: false, value: 'a' })
    assert.deepEqual(await reader.next(), { done: false, value: 'b' })
    assert.equal(server.dispatcher.stats.inFlight, 1)
    assert.deepEqual(await reader.next(), isDone)
    server.isIdle()
    assert.deepEqual(log, ['closed'])
    assert.deepEqual(server.codes, [])
  })

  it('is asked for a message only when the wire asks for one', async () => {
    let given = 0
    const server = new Server(async function* () {
      for (;;) yield ++given
    })
    const call = new Call('list')
    await server.serve(call)
    assert.equal(given, 0)
    await call.reader.next()
    await server.clock.settle()
    assert.equal(given, 1)
  })

  it('that its reader leaves is closed, which is no failure', async () => {
    const log: string[] = []
    const server = new Server(giving(log, 'a', 'b'))
    const call = new Call('list')
    await server.serve(call)
    const { reader } = call
    await reader.next()
    assert.deepEqual(await reader.return?.(), isDone)
    await server.clock.settle()
    server.isIdle()
    assert.deepEqual(log, ['closed'])
    assert.deepEqual(server.codes, [])
    assert.deepEqual(await reader.next(), isDone)
  })

  it('that its reader leaves wakes a handler that waits for something else', async () => {
    const causes: unknown[] = []
    const server = new Server(async function* (_, ctx) {
      yield 1
      await ctx.clock.sleep(60_000, ctx).catch((thrown: unknown) => causes.push(thrown))
    })
    const call = new Call('list')
    await server.serve(call)
    const { reader } = call
    await reader.next()
    const pending = reader.next()
    await server.clock.settle()
    await reader.return?.()
    await server.clock.settle()
    assert.equal((causes[0] as ServiceError).code, 'canceled')
    server.isIdle()
    assert.deepEqual(await pending, isDone)
    assert.deepEqual(server.codes, [])
  })

  it('that is left before it was read is closed', async () => {
    const source = new Requests()
    const server = new Server(() => source)
    const call = new Call('list')
    await server.serve(call)
    await call.reader.return?.()
    await server.clock.settle()
    assert.equal(source.closed, 1)
    server.isIdle()
  })

  it('that fails midway tells its reader what may be sent, and those who watch', async () => {
    for (const thrown of [new ServiceError('not_found'), bug, undefined]) {
      const server = new Server(async function* () {
        yield 1
        throw thrown
      })
      const call = new Call('list')
      await server.serve(call)
      const { reader } = call
      await reader.next()
      const error = await failure(reader.next())
      assert.equal(error.code, thrown instanceof ServiceError ? 'not_found' : 'internal')
      assert.doesNotMatch(JSON.stringify(error), /bug/)
      assert.deepEqual(server.codes, [error.code])
      server.isIdle()
      assert.deepEqual(await reader.next(), isDone)
    }
  })

  it('that fails with the error of another call is not said to be safe here', async () => {
    const refused = new ServiceError('unavailable', 'shutting down', { retry: 'safe' })
    Object.assign(refused, { remote: 'stock/reserve' })
    const server = new Server(() => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refused) }) }))
    const call = new Call('list')
    await server.serve(call)
    assert.equal((await failure(call.reader.next())).retry, 'if_idempotent')
  })

  it('fails at once when the call is called off, and is closed', async () => {
    const log: string[] = []
    const server = new Server(giving(log, 'a', 'b'))
    const call = new Call('list')
    const served = await server.serve(call)
    const { reader } = call
    await reader.next()
    served.cancel()
    assert.equal((await failure(reader.next())).code, 'canceled')
    assert.deepEqual(log, ['closed'])
    assert.deepEqual(server.codes, ['canceled'])
    assert.deepEqual(call.errors, [], 'the stream tells it')
    server.isIdle()
  })

  it('ends at the deadline, though the handler hangs and nobody reads', async () => {
    for (const reading of [true, false]) {
      const server = new Server(async function* () {
        yield await never()
      })
      const call = new Call('list', 100)
      await server.serve(call)
      const { reader } = call
      const next = reading ? failure(reader.next()) : undefined
      await server.clock.advance(100)
      assert.equal((await (next ?? failure(reader.next()))).code, 'deadline_exceeded')
      server.isIdle()
    }
  })

  it('is cut off when its reader stops reading', async () => {
    const streamLimits = { firstMs: 50, betweenMs: 100 }
    for (const reads of [0, 1]) {
      const source = new Requests()
      const server = new Server(() => source, { streamLimits })
      const call = new Call('list')
      await server.serve(call)
      const { reader } = call
      if (reads === 1) {
        const next = reader.next()
        source.give('a')
        await next
      }
      await server.clock.advance(reads === 0 ? 49 : 99)
      assert.equal(server.dispatcher.stats.inFlight, 1)
      await server.clock.advance(1)
      server.isIdle()
      assert.equal(source.closed, 1)
      assert.deepEqual(server.codes, ['deadline_exceeded'])
      assert.equal((await failure(reader.next())).code, 'deadline_exceeded')
    }
  })

  it('is cut off when it is not read for 5 s, or for 60 s between two messages', async () => {
    const server = new Server(giving([], 'a', 'b', 'c'))
    const unread = new Call('list')
    await server.serve(unread)
    await server.clock.advance(4_999)
    assert.equal(server.dispatcher.stats.inFlight, 1)
    await server.clock.advance(1)
    server.isIdle()
    const call = new Call('list')
    await server.serve(call)
    await call.reader.next()
    await server.clock.advance(59_999)
    assert.equal(server.dispatcher.stats.inFlight, 1)
    await server.clock.advance(1)
    server.isIdle()
  })

  it('may take its time: a slow handler is no slow reader', async () => {
    const source = new Requests()
    const server = new Server(() => source, { streamLimits: { firstMs: 50, betweenMs: 50 } })
    const call = new Call('list')
    await server.serve(call)
    const next = call.reader.next()
    await server.clock.advance(1e6)
    source.give('a')
    assert.deepEqual(await next, { done: false, value: 'a' })
  })

  it('that comes after the end is closed, and counted', async () => {
    const answer = Promise.withResolvers<unknown>()
    const source = new Requests()
    const server = new Server(() => answer.promise)
    const call = new Call('list')
    const served = server.dispatch(call)
    served.cancel()
    answer.resolve(source)
    await server.clock.settle()
    assert.equal(source.closed, 1)
    assert.equal(server.dispatcher.stats.late, 1)
    assert.deepEqual(call.streams, [])
    assert.deepEqual(
      call.errors.map(({ code }) => code),
      ['canceled'],
    )
  })

  it('that is none, or cannot be begun, is internal', async () => {
    const throwing = {
      [Symbol.asyncIterator]() {
        throw bug
      },
    }
    for (const response of [undefined, 5, throwing]) {
      const endpoint: Endpoint<unknown, unknown> = async () => response
      const server = new Server(never, {}, [{ info: flows.info.list, endpoint }])
      const call = new Call('list')
      const served = await server.serve(call)
      assert.deepEqual(
        call.errors.map(({ code }) => code),
        ['internal'],
      )
      assert.equal(server.errors.events.length, 1)
      served.cancel()
      server.isIdle()
    }
  })

  it('that comes too late and is none does no harm', async () => {
    const answer = Promise.withResolvers<unknown>()
    const server = new Server(never, {}, [{ info: flows.info.list, endpoint: () => answer.promise }])
    server.dispatch(new Call('list')).cancel()
    answer.resolve(undefined)
    await server.clock.settle()
    assert.equal(server.dispatcher.stats.late, 1)
  })

  it('that the wire cannot begin is internal, and closed', async () => {
    const source = new Requests()
    const server = new Server(() => source)
    const call = new Call('list')
    call.stream = () => {
      throw bug
    }
    await server.serve(call)
    assert.equal(call.errors[0]?.code, 'internal')
    assert.equal(server.errors.events[0]?.thrown, bug)
    assert.equal(source.closed, 1)
    server.isIdle()
  })
})

describe('a stream of requests', () => {
  const summing = async (requests: unknown) => {
    let sum = 0
    for await (const n of requests as AsyncIterable<number>) sum += n
    return sum
  }

  it('is read by the handler at its own pace', async () => {
    const server = new Server(summing)
    const call = new Call('sum')
    await server.serve(call)
    for (const n of [1, 2]) {
      call.requests.give(n)
      await server.clock.settle()
    }
    call.requests.end()
    await server.clock.settle()
    assert.deepEqual(call.responses, [3])
    assert.equal(call.requests.closed, 0)
    server.isIdle()
  })

  it('that is silent for too long fails the handler, 5 s for the first and 60 s between two unless told otherwise', async () => {
    for (const [streamLimits, firstMs, betweenMs] of [
      [undefined, 5_000, 60_000],
      [{ firstMs: 30, betweenMs: 70 }, 30, 70],
    ] as const) {
      const server = new Server(summing, { streamLimits })
      const silent = new Call('sum')
      await server.serve(silent)
      await server.clock.advance(firstMs - 1)
      assert.deepEqual(silent.errors, [])
      await server.clock.advance(1)
      assert.deepEqual(codesOf(silent), ['deadline_exceeded'])
      assert.equal(silent.requests.closed, 1)
      const stalling = new Call('sum')
      await server.serve(stalling)
      stalling.requests.give(1)
      await server.clock.advance(betweenMs - 1)
      assert.deepEqual(stalling.errors, [])
      await server.clock.advance(1)
      assert.deepEqual(codesOf(stalling), ['deadline_exceeded'])
      server.isIdle()
    }
  })

  it('may be silent as long as it likes where responses flow the other way', async () => {
    const server = new Server(async function* (requests) {
      yield* requests as AsyncIterable<unknown>
    })
    const call = new Call('talk')
    await server.serve(call)
    const next = call.reader.next()
    await server.clock.advance(1e6)
    call.requests.give('late')
    assert.deepEqual(await next, { done: false, value: 'late' })
  })

  it('is closed when the call ends before it has ended', async () => {
    const handlers: Readonly<Record<string, Handle>> = {
      answers: () => 1,
      fails: () => Promise.reject(bug),
      'reads one': async (requests) => {
        for await (const _ of requests as AsyncIterable<number>) break
      },
      'reads in the background': (requests) => {
        const reader = (requests as AsyncIterable<number>)[Symbol.asyncIterator]()
        reader.next().catch(() => {})
        return 1
      },
    }
    for (const [name, handle] of Object.entries(handlers)) {
      const server = new Server(handle)
      const call = new Call('sum')
      await server.serve(call)
      call.requests.give(1)
      await server.clock.settle()
      assert.equal(call.responses.length + call.errors.length, 1, name)
      assert.equal(call.requests.closed, 1, name)
      server.isIdle()
    }
  })

  it('is closed when the stream of responses ends, fails or is left', async () => {
    for (const end of ['end', 'fail', 'leave']) {
      const source = (async function* () {
        yield 1
        if (end === 'fail') throw bug
      })()
      const server = new Server(() => source)
      const call = new Call('talk')
      await server.serve(call)
      const { reader } = call
      await reader.next()
      if (end === 'leave') await reader.return?.()
      else await reader.next().catch(() => {})
      await server.clock.settle()
      assert.equal(call.requests.closed, 1, end)
      server.isIdle()
    }
  })

  it('fails for the handler when the call is called off, so that it does not take a part for the whole', async () => {
    for (const how of ['cancel', 'deadline', 'cutoff'] as const) {
      const ends: unknown[] = []
      const server = new Server(async (requests) => {
        try {
          ends.push(await summing(requests))
        } catch (thrown) {
          ends.push((thrown as ServiceError).code)
        }
        return 'too late'
      })
      const call = new Call('sum', 100)
      const served = await server.serve(call)
      call.requests.give(1)
      await server.clock.settle()
      if (how === 'cancel') served.cancel()
      else if (how === 'deadline') await server.clock.advance(100)
      else await Promise.all([server.dispatcher.drain(0), server.clock.advance(0)])
      await server.clock.settle()
      const code = { cancel: 'canceled', deadline: 'deadline_exceeded', cutoff: 'unavailable' }[how]
      assert.deepEqual(ends, [code])
      assert.equal(call.errors[0]?.code, code)
      assert.equal(call.requests.closed, 1)
      server.isIdle()
    }
  })

  it('that the wire cannot hand over is the caller’s error', async () => {
    const server = new Server(never)
    const call = new Call('sum')
    call.decode = () => [1, 2]
    await server.serve(call)
    assert.equal(call.errors[0]?.code, 'invalid_argument')
    server.isIdle()
  })
})

describe('whatever happens when, a call with a stream each way', () => {
  const steps = [
    'request',
    'request',
    'requests end',
    'handler reads',
    'handler gives',
    'handler ends',
    'handler fails',
    'wire reads',
    'wire reads',
    'wire leaves',
    'cancel',
    'time',
  ] as const

  it('settles all who wait, ends once and leaves nothing', async () => {
    const story = fc.array(fc.record({ step: fc.constantFrom(...steps), settle: fc.boolean() }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const source = new Requests()
        let requests: AsyncIterator<unknown> | undefined
        const server = new Server(
          (given) => {
            requests = (given as AsyncIterable<unknown>)[Symbol.asyncIterator]()
            return source
          },
          { streamLimits: { firstMs: 30, betweenMs: 30 } },
        )
        const call = new Call('talk')
        const served = await server.serve(call)
        const { reader } = call
        const waits: Promise<unknown>[] = []
        const wait = (promise: Promise<unknown> | undefined) => {
          if (promise !== undefined) waits.push(promise.catch((thrown) => assert.ok(thrown instanceof ServiceError)))
        }
        const run: Readonly<Record<(typeof steps)[number], () => unknown>> = {
          request: () => call.requests.give(1),
          'requests end': () => call.requests.end(),
          'handler reads': () => wait(requests?.next()),
          'handler gives': () => source.give(1),
          'handler ends': () => source.end(),
          'handler fails': () => source.fail(bug),
          'wire reads': () => wait(reader.next()),
          'wire leaves': () => wait(reader.return?.()),
          cancel: () => served.cancel(),
          time: () => server.clock.advance(10),
        }
        for (const { step, settle } of told) {
          await run[step]()
          if (settle) await server.clock.settle()
        }
        served.cancel()
        await Promise.all(waits)
        await server.clock.settle()
        server.isIdle()
        assert.ok(call.requests.closed <= 1)
        assert.ok(server.errors.events.length <= 1)
      }),
      { numRuns: 200 },
    )
  })
})
