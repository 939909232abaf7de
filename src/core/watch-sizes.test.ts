// Tests of watch-sizes.ts: at either end all who watch are told once, and none of them can do harm.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recorder } from '../testing/recorder.ts'
import { callContext, rootContext, servedContext } from './context.ts'
import { Inbound, inbound } from './inbound.ts'
import { type MessageSizes, messageSizes } from './message-sizes.ts'
import { noMethod } from './method.ts'
import { watchSizes } from './watch-sizes.ts'

const watcher = () => ({ received: recorder<number>(), sent: recorder<number>() })
const heard = ({ received, sent }: ReturnType<typeof watcher>) => [received.events, sent.events]

/** A call that is served, of whose request that many bytes have been read. */
function served(receivedBytes: number | undefined) {
  const call = new Inbound(new Map(), 'peer', false)
  call.receivedBytes = receivedBytes
  return { call, ctx: servedContext(rootContext(), noMethod, Infinity, call) }
}

describe('watchSizes', () => {
  it('binds the watcher at the calling end, beside those above it', () => {
    const [outer, inner] = [watcher(), watcher()]
    const above = watchSizes(rootContext(), outer)
    const ctx = watchSizes(above, inner)
    ctx.get(messageSizes)?.sent(1)
    above.get(messageSizes)?.received(2)
    assert.deepEqual(
      [heard(outer), heard(inner)],
      [
        [[2], [1]],
        [[], [1]],
      ],
    )
  })

  it('tells at the serving end of the request that is there, and has the wire tell of the rest', () => {
    const [outer, inner] = [watcher(), watcher()]
    const { call, ctx } = served(7)
    assert.equal(watchSizes(ctx, outer), ctx)
    assert.deepEqual(heard(outer), [[7], []])
    watchSizes(ctx, inner)
    call.sizes?.received(1)
    call.sizes?.sent(2)
    for (const each of [outer, inner]) assert.deepEqual(heard(each), [[7, 1], [2]])
  })

  it('tells of an empty request, and not of one that comes as a stream', () => {
    const [empty, stream] = [watcher(), watcher()]
    watchSizes(served(0).ctx, empty)
    watchSizes(served(undefined).ctx, stream)
    assert.deepEqual(heard(empty), [[0], []])
    assert.deepEqual(heard(stream), [[], []])
  })

  it('watches the call that a handler makes, and not the one that is served meanwhile', () => {
    const { call, ctx } = served(7)
    const made = watcher()
    const within = watchSizes(callContext(ctx, noMethod, Infinity), made)
    within.get(messageSizes)?.sent(3)
    assert.equal(call.sizes, undefined)
    assert.deepEqual(heard(made), [[], [3]])
  })

  it('keeps nobody where no call is served', () => {
    watchSizes(rootContext(), watcher())
    assert.equal(inbound.fallback.sizes, undefined)
  })

  it('lets what a watcher throws surface later, and tells the others all the same', (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const fail = () => {
      throw new Error('mine')
    }
    const failing: MessageSizes = { received: fail, sent: fail }
    const [outer, inner] = [watcher(), watcher()]
    const { call, ctx } = served(7)
    for (const each of [outer, failing, inner]) watchSizes(ctx, each)
    call.sizes?.sent(1)
    watchSizes(rootContext(), failing).get(messageSizes)?.sent(1)
    assert.deepEqual(
      [heard(outer), heard(inner)],
      [
        [[7], [1]],
        [[7], [1]],
      ],
    )
    assert.equal(later.length, 3)
    for (const each of later) assert.throws(each, { message: 'mine' })
  })
})
