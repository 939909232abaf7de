import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FetchWriter } from './fetch-writer.ts'

function writer(): { writer: FetchWriter; ends: boolean[]; reader: ReadableStreamDefaultReader<Uint8Array> } {
  const ends: boolean[] = []
  const made = new FetchWriter((complete) => ends.push(complete))
  return { writer: made, ends, reader: made.stream.getReader() }
}

const textOf = ({ value }: { value?: Uint8Array | undefined }) => new TextDecoder().decode(value)

describe('FetchWriter', () => {
  it('gives a piece at once to a reader that waits', async () => {
    const { writer: body, reader } = writer()
    const first = reader.read()
    // The stream itself begins a turn later.
    await Promise.resolve()
    assert.equal(body.write('a'), true)
    assert.equal(textOf(await first), 'a')
  })

  it('gives what came between two reads as one piece, and counts its bytes', async () => {
    const { writer: body, reader } = writer()
    body.write('ä')
    body.write('b')
    assert.equal(body.bytes, 0)
    assert.equal(textOf(await reader.read()), 'äb')
    assert.equal(body.bytes, 3)
  })

  it('keeps text and bytes in order', async () => {
    const body = new FetchWriter(() => {})
    body.write('a')
    body.write(Uint8Array.of(98))
    body.write('c')
    body.end(['x-trailer', 'is left out'])
    assert.equal(await new Response(body.stream).text(), 'abc')
  })

  it('has the writer wait while much lies unread, and go on when it is read', async () => {
    const { writer: body, reader } = writer()
    const taken = body.write('x'.repeat(20_000))
    assert.ok(taken instanceof Promise)
    assert.equal((await reader.read()).value?.length, 20_000)
    assert.equal(await taken, true)
    assert.equal(body.write('y'), true)
  })

  it('ends when the last piece was read, and not before', async () => {
    const { writer: body, reader, ends } = writer()
    body.write('a')
    body.end([])
    assert.deepEqual(ends, [])
    assert.equal(textOf(await reader.read()), 'a')
    assert.equal((await reader.read()).done, true)
    assert.deepEqual(ends, [true])
    assert.equal(await body.write('late'), false)
  })

  it('tells whoever waits that the reader has left', async () => {
    const { writer: body, reader, ends } = writer()
    const taken = body.write('x'.repeat(20_000))
    await reader.cancel()
    assert.equal(await taken, false)
    assert.equal(await body.write('y'), false)
    body.end([])
    body.destroy()
    assert.deepEqual(ends, [false])
  })

  it('tells of a reader that leaves between the last piece and its reading', async () => {
    const { writer: body, reader, ends } = writer()
    body.write('a')
    body.end([])
    await reader.cancel()
    assert.deepEqual(ends, [false])
  })

  it('fails the reader of a reply that is broken off', async () => {
    const { writer: body, reader, ends } = writer()
    body.write('a')
    body.destroy()
    await assert.rejects(reader.read(), /broken off/)
    assert.deepEqual(ends, [false])
  })

  it('never gives an empty piece', async () => {
    const { writer: body, reader } = writer()
    const first = reader.read()
    await Promise.resolve()
    body.write('')
    body.write(new Uint8Array())
    body.write('a')
    assert.equal(textOf(await first), 'a')
  })
})
