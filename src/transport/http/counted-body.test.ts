// Tests of counted-body.ts: a body passes through unchanged, and only a whole one is told of.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recorder } from '../../testing/recorder.ts'
import { countedBody } from './counted-body.ts'

async function* of(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe('countedBody', () => {
  it('passes on every piece, and tells of all their bytes at the end', async () => {
    const [pieces, told] = [[new Uint8Array(3), new Uint8Array(0), new Uint8Array(4)], recorder<number>()]
    const passed: Uint8Array[] = []
    for await (const piece of countedBody(of(...pieces), told)) {
      assert.deepEqual(told.events, [])
      passed.push(piece)
    }
    assert.ok(pieces.every((piece, i) => piece === passed[i]))
    assert.deepEqual(told.events, [7])
  })

  it('tells of an empty body', async () => {
    const told = recorder<number>()
    for await (const _ of countedBody(of(), told)) assert.fail('there is no piece')
    assert.deepEqual(told.events, [0])
  })

  it('tells nothing of a body that fails', async () => {
    const told = recorder<number>()
    async function* failing() {
      yield new Uint8Array(3)
      throw new Error('reset')
    }
    const pieces = countedBody(failing(), told)[Symbol.asyncIterator]()
    await pieces.next()
    await assert.rejects(pieces.next(), { message: 'reset' })
    assert.deepEqual(told.events, [])
  })

  it('closes the body at once when it is left, also while its next piece is not there', async () => {
    const told = recorder<number>()
    let isClosed = false
    const silent: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          isClosed = true
          return { done: true, value: undefined }
        },
      }),
    }
    const pieces = countedBody(silent, told)[Symbol.asyncIterator]()
    void pieces.next()
    await pieces.return?.()
    assert.equal(isClosed, true)
    assert.deepEqual(told.events, [])
  })
})
