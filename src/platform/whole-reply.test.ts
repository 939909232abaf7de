// Tests of whole-reply.ts: the pieces in one, up to the limit, and what lets go of the context.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedOrigin } from '../../test/platform/played-origin.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { WholeReply } from './whole-reply.ts'

const request = { method: 'GET', path: '/', headers: [] }
const bytes = (...values: number[]) => Uint8Array.from(values)

describe('a whole reply', () => {
  it('is made of its pieces', async () => {
    for (const [pieces, whole] of [
      [[], bytes()],
      [[bytes(1, 2)], bytes(1, 2)],
      [[bytes(1), bytes(2, 3), bytes()], bytes(1, 2, 3)],
    ] as const) {
      const origin = new PlayedOrigin()
      const { promise } = new WholeReply(origin, request, undefined, 3)
      const headers = new Map()
      origin.listener.onHead(200, headers, origin)
      for (const piece of pieces) origin.listener.onData(piece)
      origin.listener.onEnd(undefined)
      assert.deepEqual(await promise, { status: 200, headers, body: whole })
    }
  })

  it('is called off as soon as it is too large', async () => {
    const origin = new PlayedOrigin()
    const { promise } = new WholeReply(origin, request, undefined, 3)
    origin.listener.onHead(200, new Map(), origin)
    origin.listener.onData(bytes(1, 2, 3))
    assert.deepEqual(origin.asked, [])
    origin.listener.onData(bytes(4))
    assert.deepEqual(origin.asked, ['abort'])
    await assert.rejects(promise, {
      code: 'internal',
      message: 'the reply of http://played.test is larger than 3 bytes (maxReplyBytes)',
    })
  })

  it('lets go of its context at its end', async () => {
    const clock = manualClock()
    using ctx = rootContext({ clock, deadlineAt: 100 })
    for (const error of [undefined, new ServiceError('unavailable')]) {
      const origin = new PlayedOrigin()
      const { promise } = new WholeReply(origin, request, ctx, 3)
      assert.equal(clock.pending, 1)
      origin.listener.onHead(200, new Map(), origin)
      if (error === undefined) origin.listener.onEnd(undefined)
      else origin.listener.onFailure(error)
      assert.equal(clock.pending, 0)
      await (error === undefined ? promise : assert.rejects(promise, error))
    }
  })
})
