// Tests of begun-stream.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BegunStream } from './begun-stream.ts'

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const messages: unknown[] = []
  for await (const message of stream) messages.push(message)
  return messages
}

describe('BegunStream', () => {
  it('asks for the first message at once, and gives all of them to its reader', async () => {
    let asked = 0
    const stream = new BegunStream(
      (async function* () {
        for (let n = 1; n <= 3; n++) {
          asked = n
          yield n
        }
      })(),
    )
    assert.deepEqual(await stream.first, { done: false, value: 1 })
    assert.equal(asked, 1)
    assert.deepEqual(await all(stream), [1, 2, 3])
  })

  it('tells those who wait for the first message, and its reader, that there is none', async () => {
    const failing = new BegunStream(
      (async function* () {
        yield* []
        throw new Error('no')
      })(),
    )
    await assert.rejects(failing.first, { message: 'no' })
    await assert.rejects(failing.next(), { message: 'no' })
    const empty = new BegunStream((async function* () {})())
    assert.deepEqual([(await empty.first).done, (await empty.next()).done], [true, true])
  })

  it('closes the source when its reader leaves', async () => {
    let isClosed = false
    const stream = new BegunStream(
      (async function* () {
        try {
          for (;;) yield 1
        } finally {
          isClosed = true
        }
      })(),
    )
    await stream.first
    await stream.return()
    assert.equal(isClosed, true)
  })
})
