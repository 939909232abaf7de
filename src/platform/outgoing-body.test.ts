// Tests of outgoing-body.ts: when it has begun, whose failure it is, and that its source is closed once.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { OutgoingBody } from './outgoing-body.ts'

const piece = new Uint8Array(1)

describe('a body that is sent piece by piece', () => {
  it('has begun when its first piece, or its end, is here', async () => {
    for (const pieces of [[piece, piece], []]) {
      const body = new OutgoingBody(
        (async function* () {
          yield* pieces
        })(),
      )
      assert.equal(body.begun, false)
      await body.next()
      assert.equal(body.begun, true)
    }
  })

  it('passes all pieces on, and then the end for ever', async () => {
    const body = new OutgoingBody(
      (async function* () {
        yield piece
        yield piece
      })(),
    )
    const read: Uint8Array[] = []
    for await (const one of body) read.push(one)
    assert.deepEqual(read, [piece, piece])
    assert.deepEqual(await body.next(), { done: true, value: undefined })
  })

  it('keeps what its source threw', async () => {
    const bug = new Error('disk')
    const own = new ServiceError('data_loss')
    for (const thrown of [bug, own]) {
      const body = new OutgoingBody({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(thrown) }) })
      await assert.rejects(body.next(), thrown)
      assert.equal(body.begun, false)
      if (thrown === own) assert.equal(body.failure, own)
      else assert.deepEqual([body.failure?.code, body.failure?.retry, body.failure?.cause], ['internal', 'never', bug])
    }
  })

  it('closes its source once, and waits for nothing', async () => {
    let returns = 0
    const source = {
      next: () => new Promise<never>(() => {}),
      return: () => {
        returns++
        return Promise.reject(new Error('late'))
      },
    }
    const body = new OutgoingBody({ [Symbol.asyncIterator]: () => source })
    void body.next()
    body.stop()
    body.stop()
    await body.return()
    assert.equal(returns, 1)
  })
})
