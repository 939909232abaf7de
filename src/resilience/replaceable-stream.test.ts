import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReplaceableStream } from './replaceable-stream.ts'

async function* stream<T>(messages: readonly T[], error?: Error): AsyncGenerator<T> {
  yield* messages
  if (error !== undefined) throw error
}

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const messages: T[] = []
  for await (const message of source) messages.push(message)
  return messages
}

const nobody = { replace: () => assert.fail('nothing is to be replaced') }

/** Gives these, in turn, and then no more. */
const others = <T>(...streams: AsyncIterable<T>[]) => {
  const seen: unknown[] = []
  return {
    seen,
    replace: async (thrown: unknown) => {
      seen.push(thrown)
      const next = streams.shift()
      if (next === undefined) throw thrown
      return next
    },
  }
}

describe('ReplaceableStream', () => {
  it('passes on a stream that works, an empty one too', async () => {
    assert.deepEqual(await all(new ReplaceableStream(stream([1, 2]), nobody)), [1, 2])
    assert.deepEqual(await all(new ReplaceableStream(stream([]), nobody)), [])
  })

  it('reads another one in place of one that fails before its first message', async () => {
    const by = others(stream<number>([], new Error('both')), stream([7, 8]))
    const broken = new ReplaceableStream(stream<number>([], new Error('broken')), by)
    assert.deepEqual(await all(broken), [7, 8])
    assert.match(String(by.seen), /^Error: broken,Error: both$/)
  })

  it('has whoever asks meanwhile wait for the other one', async () => {
    const other = Promise.withResolvers<AsyncIterable<number>>()
    const broken = new ReplaceableStream(stream<number>([], new Error('broken')), { replace: () => other.promise })
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
    const broken = new ReplaceableStream(stream([1], new Error('broken')), nobody)
    assert.deepEqual(await broken.next(), { done: false, value: 1 })
    await assert.rejects(broken.next(), /broken/)
  })

  it('fails with what the replacement fails with', async () => {
    const by = others(stream([], new Error('both')))
    await assert.rejects(new ReplaceableStream(stream([], new Error('broken')), by).next(), /both/)
    const refusing = { replace: () => Promise.reject(new Error('refused')) }
    const refused = new ReplaceableStream(stream([], new Error('broken')), refusing)
    await assert.rejects(refused.next(), /refused/)
    assert.deepEqual(await refused.next(), { done: true, value: undefined })
  })

  it('replaces a source that throws where it should promise', async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw new Error('now')
        },
      }),
    }
    assert.deepEqual(await all(new ReplaceableStream<number>(source, others(stream([7])))), [7])
  })

  it('keeps those waiting in order who ask before the first message is there', async () => {
    const broken = new ReplaceableStream<number>(stream<number>([], new Error('broken')), others(stream([7, 8])))
    const [first, second] = await Promise.all([broken.next(), broken.next()])
    assert.deepEqual([first.value, second.value], [7, 8])
  })

  it('closes its source when it is left, and gives nothing more', async () => {
    const source = stream([1, 2])
    const left = new ReplaceableStream(source, nobody)
    await left.next()
    assert.deepEqual(await left.return(), { done: true, value: undefined })
    assert.deepEqual(await source.next(), { done: true, value: undefined })
    assert.deepEqual(await left.next(), { done: true, value: undefined })
  })

  it('makes no replacement for a reader that has left before', async () => {
    const broken = new ReplaceableStream(stream([], new Error('broken')), nobody)
    const first = assert.rejects(broken.next(), /broken/)
    await broken.return()
    await first
  })

  it('lets a reader go at once who leaves while another stream is on its way, and closes that', async () => {
    const replacement = stream([7])
    const asked = Promise.withResolvers<void>()
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<number>>()
    const told: string[] = []
    const broken = new ReplaceableStream<number>(stream<number>([], new Error('broken')), {
      replace: () => {
        asked.resolve()
        return promise
      },
      begun: () => told.push('begun'),
      left: () => told.push('left'),
    })
    const waiting = Promise.all([broken.next(), broken.next()])
    await asked.promise
    await broken.return()
    await broken.return()
    const done = { done: true, value: undefined }
    assert.deepEqual(await waiting, [done, done])
    resolve(replacement)
    await new Promise((settled) => setImmediate(settled))
    assert.deepEqual(await replacement.next(), done)
    assert.deepEqual(told, ['left'])
  })

  it('closes a replacement that came in the moment in which its reader left', async () => {
    const replacement = stream([7])
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<number>>()
    const broken = new ReplaceableStream<number>(stream<number>([], new Error('broken')), { replace: () => promise })
    const first = broken.next()
    await new Promise((settled) => setImmediate(settled))
    resolve(replacement)
    const left = broken.return()
    assert.deepEqual(await first, { done: true, value: undefined })
    await left
    assert.deepEqual(await replacement.next(), { done: true, value: undefined })
  })
})
