// Tests of send-stream.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { sendStream } from './send-stream.ts'

const asItIs = { encode: (message: unknown) => message, failure: (thrown: unknown) => thrown }

describe('sendStream', () => {
  it('sends every message in order, then tells that the last one is sent', async () => {
    let ended = 0
    const source = (async function* () {
      for (let n = 0; n < 100; n++) yield n
    })()
    const got: unknown[] = []
    for await (const message of sendStream(source, { ...asItIs, encode: (n) => Number(n) * 2, onEnd: () => ended++ })) {
      got.push(message)
    }
    assert.deepEqual(
      got,
      Array.from({ length: 100 }, (_, n) => n * 2),
    )
    assert.equal(ended, 1)
  })

  it('keeps no more than a window of messages on their way', async () => {
    let written = 0
    const source = (async function* () {
      for (;;) yield written++
    })()
    const queue = sendStream(source, asItIs)
    await manualClock().settle()
    assert.ok(written <= 18, `${written} were written`)
    await queue.next()
    await manualClock().settle()
    assert.ok(written >= 17 && written <= 19, `${written} were written`)
    await queue.return()
  })

  it('closes the source and says so when the reader leaves', async () => {
    let closed = false
    let left = 0
    const source = (async function* () {
      try {
        for (;;) yield 1
      } finally {
        closed = true
      }
    })()
    const queue = sendStream(source, { ...asItIs, onReturn: () => left++ })
    await queue.next()
    await queue.return()
    await manualClock().settle()
    assert.deepEqual([closed, left], [true, 1])
  })

  it('tells the reader what failure says, after what came before it', async () => {
    const source = (async function* () {
      yield 1
      throw new Error('secret')
    })()
    const queue = sendStream(source, { ...asItIs, failure: () => new Error('told') })
    assert.equal((await queue.next()).value, 1)
    await assert.rejects(queue.next(), { message: 'told' })
    assert.equal((await queue.next()).done, true)
  })

  it('fails the stream for a message that cannot be encoded, and closes the source', async () => {
    let closed = false
    const source = (async function* () {
      try {
        yield 1n
      } finally {
        closed = true
      }
    })()
    const queue = sendStream(source, { ...asItIs, encode: (message) => JSON.stringify(message) })
    await assert.rejects(queue.next(), TypeError)
    assert.equal(closed, true)
  })
})
