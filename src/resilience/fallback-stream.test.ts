import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FallbackStream } from './fallback-stream.ts'

async function* stream<T>(messages: readonly T[], error?: Error): AsyncGenerator<T> {
  yield* messages
  if (error !== undefined) throw error
}

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const messages: T[] = []
  for await (const message of source) messages.push(message)
  return messages
}

const nobody = () => assert.fail('nothing is to be replaced')

describe('FallbackStream', () => {
  it('passes on a stream that works, an empty one too', async () => {
    assert.deepEqual(await all(new FallbackStream(stream([1, 2]), nobody)), [1, 2])
    assert.deepEqual(await all(new FallbackStream(stream([]), nobody)), [])
  })

  it('reads another one in place of one that fails before its first message', async () => {
    const seen: unknown[] = []
    const broken = new FallbackStream(stream<number>([], new Error('broken')), async (thrown) => {
      seen.push(thrown)
      return stream([7, 8])
    })
    assert.deepEqual(await all(broken), [7, 8])
    assert.match(String(seen), /^Error: broken$/)
  })

  it('has whoever asks meanwhile wait for the other one', async () => {
    const other = Promise.withResolvers<AsyncIterable<number>>()
    const broken = new FallbackStream(stream<number>([], new Error('broken')), () => other.promise)
    const first = broken.next()
    await new Promise((resolve) => setImmediate(resolve))
    const second = broken.next()
    other.resolve(stream([7, 8]))
    assert.deepEqual(
      [await first, await second],
      [
        { done: false, value: 7 },
        { done: false, value: 8 },
      ],
    )
  })

  it('passes on an error that comes after the first message', async () => {
    const broken = new FallbackStream(stream([1], new Error('broken')), nobody)
    assert.deepEqual(await broken.next(), { done: false, value: 1 })
    await assert.rejects(broken.next(), /broken/)
  })

  it('fails with what the replacement fails with', async () => {
    const broken = new FallbackStream(stream([], new Error('broken')), async () => stream([], new Error('both')))
    await assert.rejects(broken.next(), /both/)
    const refused = new FallbackStream(stream([], new Error('broken')), () => Promise.reject(new Error('refused')))
    await assert.rejects(refused.next(), /refused/)
  })

  it('replaces a source that throws where it should promise', async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw new Error('now')
        },
      }),
    }
    assert.deepEqual(await all(new FallbackStream<number>(source, async () => stream([7]))), [7])
  })

  it('keeps those waiting in order who ask before the first message is there', async () => {
    const broken = new FallbackStream<number>(stream<number>([], new Error('broken')), async () => stream([7, 8]))
    const [first, second] = await Promise.all([broken.next(), broken.next()])
    assert.deepEqual([first.value, second.value], [7, 8])
  })

  it('closes its source when it is left, and gives nothing more', async () => {
    const source = stream([1, 2])
    const left = new FallbackStream(source, nobody)
    await left.next()
    assert.deepEqual(await left.return(), { done: true, value: undefined })
    assert.deepEqual(await source.next(), { done: true, value: undefined })
    assert.deepEqual(await left.next(), { done: true, value: undefined })
  })

  it('makes no replacement for a reader that has left before', async () => {
    const broken = new FallbackStream(stream([], new Error('broken')), nobody)
    const first = assert.rejects(broken.next(), /broken/)
    await broken.return()
    await first
  })

  it('closes a replacement that comes after its reader has left', async () => {
    const replacement = stream([7])
    const asked = Promise.withResolvers<void>()
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<number>>()
    const broken = new FallbackStream<number>(stream<number>([], new Error('broken')), () => {
      asked.resolve()
      return promise
    })
    const first = assert.rejects(broken.next(), /broken/)
    await asked.promise
    await broken.return()
    resolve(replacement)
    await first
    assert.deepEqual(await replacement.next(), { done: true, value: undefined })
  })
})
