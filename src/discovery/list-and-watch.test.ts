import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AsyncQueue } from '../primitives/async-queue.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { instanceAt } from './instance.ts'
import { type Changed, type ListAndWatchOptions, listAndWatch } from './list-and-watch.ts'

type Told = Changed<number> | 'expired'

const at = (address: string) => [instanceAt(address)]

/** A registry whose lists and watches the test plays. */
class Played {
  readonly clock = manualClock()
  readonly asked: string[] = []
  readonly stop = new AbortController()
  /** What each list says, in turn. */
  lists: (readonly string[])[] = []
  watches: AsyncQueue<Told>[] = []
  closed = 0
  readonly #sets: AsyncIterator<readonly { address: string }[]>

  constructor(options: Partial<ListAndWatchOptions> = {}) {
    const source = listAndWatch<number>(
      () => ({
        list: async () => {
          this.asked.push('list')
          const list = this.lists.shift() ?? []
          return { entries: list.map((address) => [address, at(address)] as const), position: 10 * this.asked.length }
        },
        watch: (position, signal) => {
          this.asked.push(`watch ${position}`)
          const queue = new AsyncQueue<Told>({ capacity: 100 })
          signal.addEventListener('abort', () => queue.fail(signal.reason))
          this.watches.push(queue)
          return queue
        },
        [Symbol.asyncDispose]: async () => void this.closed++,
      }),
      { name: 'etcd', clock: this.clock, silenceMs: 60_000, ...options },
    )
    this.#sets = source(this.stop.signal)[Symbol.asyncIterator]()
  }

  /** The next set. */
  async next(): Promise<readonly string[] | undefined> {
    const { value, done } = await this.#sets.next()
    return done ? undefined : value.map(({ address }) => address)
  }

  get watch(): AsyncQueue<Told> {
    return this.watches.at(-1) as AsyncQueue<Told>
  }

  end(): Promise<unknown> {
    return this.#sets.return?.() ?? Promise.resolve()
  }
}

describe('listAndWatch', { timeout: 10_000 }, () => {
  it('lists once, and then gives the set after each change', async () => {
    const played = new Played()
    played.lists = [['a:1', 'b:1']]
    assert.deepEqual(await played.next(), ['a:1', 'b:1'])
    const next = played.next()
    await played.clock.settle()
    played.watch.push({
      changes: [
        ['c:1', at('c:1')],
        ['a:1', undefined],
      ],
      position: 11,
    })
    assert.deepEqual(await next, ['b:1', 'c:1'])
    const other = played.next()
    played.watch.push({ changes: [['b:1', at('b:2')]], position: 12 })
    assert.deepEqual(await other, ['b:2', 'c:1'])
    assert.deepEqual(played.asked, ['list', 'watch 10'])
    await played.end()
    assert.deepEqual([played.closed, played.clock.pending], [1, 0])
  })

  it('goes on from the last position when a watch ends', async () => {
    const played = new Played()
    played.lists = [['a:1']]
    await played.next()
    const next = played.next()
    await played.clock.settle()
    played.watch.push({ changes: [], position: 17 })
    played.watch.end()
    await played.clock.settle()
    played.watch.push({ changes: [['b:1', at('b:1')]], position: 18 })
    assert.deepEqual(await next, ['a:1', 'b:1'])
    assert.deepEqual(played.asked, ['list', 'watch 10', 'watch 17'])
    await played.end()
  })

  it('lists again when its position is too old', async () => {
    const played = new Played()
    played.lists = [['a:1'], ['z:1']]
    await played.next()
    const next = played.next()
    await played.clock.settle()
    played.watch.push('expired')
    assert.deepEqual(await next, ['z:1'])
    await played.end()
  })

  it('does not spin where each watch ends or expires at once', async () => {
    const played = new Played()
    played.lists = [['a:1']]
    await played.next()
    const next = played.next()
    for (let turn = 0; turn < 4; turn++) {
      await played.clock.settle()
      played.watch.end()
    }
    await played.clock.settle()
    assert.equal(played.watches.length, 4)
    await played.clock.advance(999)
    assert.equal(played.watches.length, 4)
    await played.clock.advance(1)
    assert.equal(played.watches.length, 5)
    played.stop.abort()
    await assert.rejects(next)
  })

  it('takes a watch for dead that tells nothing, not even that it lives', async () => {
    const played = new Played()
    played.lists = [['a:1']]
    await played.next()
    const failing = assert.rejects(played.next(), { code: 'unavailable', message: 'etcd said nothing for 1m0s' })
    await played.clock.settle()
    await played.clock.advance(59_000)
    played.watch.push({ changes: [], position: 11 })
    await played.clock.settle()
    await played.clock.advance(59_000)
    assert.equal(played.closed, 0)
    await played.clock.advance(1_000)
    await failing
    assert.deepEqual([played.closed, played.clock.pending], [1, 0])
  })

  it('watches on after a silence where that is no sign of death', async () => {
    const played = new Played({ whenSilent: 'watch on' })
    played.lists = [['a:1']]
    await played.next()
    const next = played.next()
    await played.clock.settle()
    played.watch.push({ changes: [], position: 17 })
    await played.clock.settle()
    await played.clock.advance(60_000)
    played.watch.push({ changes: [['b:1', at('b:1')]], position: 18 })
    assert.deepEqual(await next, ['a:1', 'b:1'])
    assert.deepEqual(played.asked, ['list', 'watch 10', 'watch 17'])
    await played.end()
    assert.deepEqual([played.closed, played.clock.pending], [1, 0])
  })

  it('makes one set of entries that are no lists, where it is told how', async () => {
    const clock = manualClock()
    const source = listAndWatch<number, number>(
      () => ({
        list: async () => ({
          entries: [
            ['one', 1],
            ['two', 2],
          ],
          position: 1,
        }),
        watch: async function* () {
          yield { changes: [['one', 3]], position: 2 }
          yield { changes: [['two', undefined]], position: 3 }
        },
        [Symbol.asyncDispose]: async () => {},
      }),
      { name: 'x', clock, silenceMs: 1_000, merged: (ports) => [...ports].map((port) => instanceAt(`a:${port}`)) },
    )
    const heard: string[] = []
    for await (const set of source(new AbortController().signal)) {
      heard.push(set.map(({ address }) => address).join())
      if (heard.length === 3) break
    }
    assert.deepEqual(heard, ['a:1,a:2', 'a:3,a:2', 'a:3'])
    assert.equal(clock.pending, 0)
  })

  it('fails with a watch that tells nothing at all, also where silence is no sign of death', async () => {
    const played = new Played({ whenSilent: 'watch on' })
    played.lists = [['a:1']]
    await played.next()
    const failing = assert.rejects(played.next(), { message: 'etcd said nothing for 1m0s' })
    await played.clock.settle()
    await played.clock.advance(60_000)
    await failing
    assert.deepEqual(played.asked, ['list', 'watch 10'])
    assert.deepEqual([played.closed, played.clock.pending], [1, 0])
  })

  it('throws what the registry fails with', async () => {
    const played = new Played()
    played.lists = [['a:1']]
    await played.next()
    const failing = assert.rejects(played.next(), { message: 'gone' })
    await played.clock.settle()
    played.watch.fail(new Error('gone'))
    await failing
    assert.equal(played.closed, 1)
  })
})
