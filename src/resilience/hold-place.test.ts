// Tests of hold-place.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { holdPlace } from './hold-place.ts'

/** Calls an endpoint that holds a place, and counts how often the place came back. */
function holding() {
  const clock = manualClock()
  const ctx = rootContext({ clock })
  let returned = 0
  const run = holdPlace(() => {
    returned++
  })
  const call = <Res>(endpoint: Endpoint<string, Res>) => run(endpoint, 'request', ctx)
  return { call, ctx, clock, returned: () => returned }
}

async function* words() {
  yield 'a'
  yield 'b'
}

describe('holdPlace', () => {
  it('passes the response on, and gives the place back with it', async () => {
    const { call, returned } = holding()
    const pending = call(async (request) => `${request} done`)
    assert.equal(returned(), 0)
    assert.equal(await pending, 'request done')
    assert.equal(returned(), 1)
  })

  it('gives the place back with an error, thrown early or late', async () => {
    const { call, returned } = holding()
    await assert.rejects(
      call(() => Promise.reject(new Error('late'))),
      /late/,
    )
    assert.equal(returned(), 1)
    await assert.rejects(
      call(() => {
        throw new Error('early')
      }),
      /early/,
    )
    assert.equal(returned(), 2)
  })

  it('holds the place of a handler that ignores its abort until it has really settled', async () => {
    const { call, ctx, clock, returned } = holding()
    const pending = call((_, inner) => inner.clock.sleep(100))
    ctx.cancel()
    await clock.advance(99)
    assert.equal(returned(), 0)
    await clock.advance(1)
    await pending
    assert.equal(returned(), 1)
  })

  it('holds the place of a stream until it has ended', async () => {
    const { call, returned } = holding()
    const seen: string[] = []
    for await (const word of await call(async () => words())) {
      seen.push(word)
      assert.equal(returned(), 0)
    }
    assert.deepEqual(seen, ['a', 'b'])
    assert.equal(returned(), 1)
  })

  it('holds the place of a stream until it has failed', async () => {
    const { call, returned } = holding()
    const stream = await call(async () =>
      (async function* () {
        yield 'a'
        throw new Error('broken')
      })(),
    )
    await stream.next()
    assert.equal(returned(), 0)
    await assert.rejects(stream.next(), /broken/)
    assert.equal(returned(), 1)
  })

  it('gives the place of a stream back once when it is left, read or unread', async () => {
    const { call, returned } = holding()
    for await (const _ of await call(async () => words())) break
    assert.equal(returned(), 1)
    const unread = await call(async () => words())
    await unread.return(undefined)
    await unread.return(undefined)
    assert.equal(returned(), 2)
  })

  it('gives the place back when a response only claims to be a stream', async () => {
    const { call, returned } = holding()
    const broken = {
      [Symbol.asyncIterator]() {
        throw new Error('no stream')
      },
    }
    await assert.rejects(
      call(async () => broken),
      /no stream/,
    )
    assert.equal(returned(), 1)
  })
})
