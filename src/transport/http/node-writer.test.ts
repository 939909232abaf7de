// Tests of node-writer.ts: pieces leave in order, together where they can, and nobody is waited for in vain.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { NodeWriter } from './node-writer.ts'

const settle = () => manualClock().settle()

/** What a reply is written to; full when the test says so. */
class Response extends EventEmitter {
  readonly steps: string[] = []
  full = false

  write(piece: string | Uint8Array): boolean {
    this.steps.push(typeof piece === 'string' ? piece : `bytes ${piece.join(' ')}`)
    return !this.full
  }

  addTrailers(trailers: readonly (readonly [string, string])[]): void {
    this.steps.push(`trailers ${trailers.map((pair) => pair.join('=')).join(' ')}`)
  }

  end(): void {
    this.steps.push('end')
  }

  destroy(): void {
    this.steps.push('destroy')
  }
}

function written() {
  const watched: string[] = []
  const watch = {
    watchSending: () => void watched.push('watch'),
    sent: () => void watched.push('sent'),
    watchRest: () => {},
  }
  const response = new Response()
  const ends = { count: 0 }
  const writer = new NodeWriter(response as unknown as ServerResponse, watch, () => void ends.count++)
  return { response, writer, ends, watched }
}

describe('NodeWriter', () => {
  it('sends pieces of one turn together', async () => {
    const { response, writer } = written()
    for (const piece of ['a', 'b', 'c']) assert.equal(writer.write(piece), true)
    assert.deepEqual(response.steps, [])
    await settle()
    assert.deepEqual(response.steps, ['abc'])
    writer.write('d')
    await settle()
    assert.deepEqual(response.steps, ['abc', 'd'])
  })

  it('does not hold back what has grown large', () => {
    const { response, writer } = written()
    const large = 'x'.repeat(20_000)
    writer.write('a')
    writer.write(large)
    assert.deepEqual(response.steps, [`a${large}`])
  })

  it('keeps text and bytes in order', () => {
    const { response, writer } = written()
    writer.write('a')
    writer.write(new Uint8Array([1, 2]))
    writer.write('b')
    writer.end([])
    assert.deepEqual(response.steps, ['a', 'bytes 1 2', 'b', 'end'])
  })

  it('counts bytes as they are sent', () => {
    const { writer } = written()
    writer.write('ä€😀')
    writer.write(new Uint8Array(3))
    writer.end([])
    assert.equal(writer.bytes, 2 + 3 + 4 + 3)
  })

  it('has its caller wait while the other side does not read', async () => {
    const { response, writer, watched } = written()
    response.full = true
    const first = writer.write(new Uint8Array([1]))
    const second = writer.write(new Uint8Array([2]))
    assert.notEqual(first, true)
    const settled: unknown[] = []
    void Promise.all([first, second]).then((answers) => settled.push(...answers))
    await settle()
    assert.deepEqual(settled, [])
    response.full = false
    response.emit('drain')
    await settle()
    assert.deepEqual(settled, [true, true])
    assert.deepEqual(watched, ['watch', 'sent'])
    assert.equal(writer.write(new Uint8Array([3])), true)
  })

  it('has its caller wait again when it is full again, and leaves no listeners behind', async () => {
    const { response, writer } = written()
    response.full = true
    for (let i = 0; i < 20; i++) {
      const taken = writer.write(new Uint8Array([i]))
      assert.notEqual(taken, true)
      assert.equal(response.listenerCount('drain'), 1)
      response.emit('drain')
      assert.equal(await taken, true)
    }
    assert.equal(response.listenerCount('drain'), 0)
  })

  it('ends behind what was written, with the trailers', async () => {
    const { response, writer, ends } = written()
    writer.write('a')
    writer.end(['x-a', '1', 'x-b', '2'])
    assert.deepEqual([response.steps, ends.count], [['a', 'trailers x-a=1 x-b=2', 'end'], 1])
    writer.end([])
    writer.destroy()
    assert.equal(await writer.write('late'), false)
    await settle()
    assert.deepEqual([response.steps.length, ends.count], [3, 1])
  })

  it('drops what was not sent when it is broken off', async () => {
    const { response, writer, ends } = written()
    writer.write('a')
    writer.destroy()
    writer.end([])
    await settle()
    assert.deepEqual([response.steps, ends.count], [['destroy'], 1])
    assert.equal(await writer.write('late'), false)
  })

  it('tells whoever waits when the caller has gone, and takes no more', async () => {
    const { response, writer } = written()
    response.full = true
    const waiting = writer.write(new Uint8Array([1]))
    writer.gone()
    assert.equal(await waiting, false)
    assert.equal(await writer.write('late'), false)
    writer.end([])
    response.emit('drain')
    await settle()
    assert.deepEqual(response.steps, ['bytes 1'])
  })
})
