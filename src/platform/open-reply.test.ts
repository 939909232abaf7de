// Tests of open-reply.ts: the head first, then the pieces at the pace of their reader.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedOrigin } from '../../test/platform/played-origin.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { OpenReply } from './open-reply.ts'

const request = { method: 'GET', path: '/', headers: [] }
const bytes = (...values: number[]) => Uint8Array.from(values)

/** A reply whose head has come. */
async function begun(options: { ctx?: ReturnType<typeof rootContext>; maxReplyBytes?: number } = {}) {
  const origin = new PlayedOrigin()
  const { promise } = new OpenReply(origin, request, options.ctx, options.maxReplyBytes ?? Infinity)
  origin.listener.onHead(200, new Map([['a', 'b']]), origin)
  const { status, headers, body } = await promise
  assert.deepEqual([status, headers.get('a')], [200, 'b'])
  return { origin, reader: body[Symbol.asyncIterator]() }
}

describe('a reply that is read as it comes', () => {
  it('is paused while two pieces lie unread', async () => {
    const { origin, reader } = await begun()
    origin.listener.onData(bytes(1))
    assert.deepEqual(origin.asked, [])
    origin.listener.onData(bytes(2))
    assert.deepEqual(origin.asked, ['pause'])
    assert.deepEqual(await reader.next(), { done: false, value: bytes(1) })
    assert.deepEqual(origin.asked, ['pause', 'resume'])
    origin.listener.onEnd(undefined)
    assert.deepEqual(await reader.next(), { done: false, value: bytes(2) })
    assert.equal((await reader.next()).done, true)
  })

  it('fails its reader after what had come', async () => {
    const { origin, reader } = await begun()
    origin.listener.onData(bytes(1))
    origin.listener.onFailure(new ServiceError('unavailable', 'lost'))
    assert.deepEqual(await reader.next(), { done: false, value: bytes(1) })
    await assert.rejects(reader.next(), { message: 'lost' })
  })

  it('fails before its head', async () => {
    const origin = new PlayedOrigin()
    const { promise } = new OpenReply(origin, request, undefined, Infinity)
    origin.listener.onFailure(new ServiceError('unavailable', 'lost'))
    await assert.rejects(promise, { message: 'lost' })
  })

  it('is called off when its reader leaves, when it is too large, and by its context', async () => {
    const left = await begun()
    await left.reader.return?.()
    assert.deepEqual(left.origin.asked, ['abort'])
    const large = await begun({ maxReplyBytes: 1 })
    large.origin.listener.onData(bytes(1, 2))
    assert.deepEqual(large.origin.asked, ['abort'])
    await assert.rejects(large.reader.next(), { message: /larger than 1 bytes/ })
    const clock = manualClock()
    using ctx = rootContext({ clock, deadlineAt: 100 })
    const late = await begun({ ctx })
    const waiting = assert.rejects(late.reader.next(), { code: 'deadline_exceeded' })
    await clock.advance(100)
    await waiting
    assert.equal(clock.pending, 0)
  })
})
