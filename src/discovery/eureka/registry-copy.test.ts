import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MemoryEureka } from '../../../test/discovery/memory-eureka.ts'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { registrationBody } from './registration.ts'
import { RegistryCopy } from './registry-copy.ts'

const terms = { ttlMs: 86_400_000, secure: false, statusPath: '/', healthPath: '/' }
const codes = { 403: 'permission_denied', 404: 'not_found', 503: 'unavailable' } as const

/** A copy of a Eureka in memory, without sockets. */
function copied(refreshMs = 600_000) {
  const clock = manualClock()
  const eureka = new MemoryEureka(clock)
  const asked: string[] = []
  const replies: string[] = []
  const { signal } = new AbortController()
  const service = {
    ask: async (path: string) => {
      asked.push(path)
      const request = { method: 'GET', path: `/eureka${path}`, body: '', signal }
      const { status, body } = await eureka.backend(request)
      if (status !== 200) throw new ServiceError(codes[status as keyof typeof codes], `it answered ${status}`)
      return { status, headers: new Headers(), body: new TextEncoder().encode(replies.shift() ?? body) }
    },
  }
  const options = { name: 'eureka', now: () => clock.now(), timeoutMs: 1_000, refreshMs, wants: () => true }
  const copy = new RegistryCopy({ ...options, service })
  const bodyOf = (id: string, version = 0) =>
    registrationBody('add', { id, address: '10.0.0.1:80', metadata: { version: `${version}` } }, terms, clock.wallNow())
  return {
    clock,
    eureka,
    copy,
    /** What the next replies are, in place of what they would be. */
    replies,
    bodyOf,
    hold: (...ids: readonly string[]) => eureka.hold(ids.map((id) => bodyOf(id))),
    ids: () => copy.known.of('ADD').map(({ id }) => id.slice('add:'.length)),
    /** Updates, and gives what was asked for. */
    update: async () => {
      asked.length = 0
      await copy.update(signal)
      return asked.join(' ')
    },
  }
}

describe('RegistryCopy', () => {
  it('reads all at first, and then what has changed', async () => {
    const { clock, hold, ids, update } = copied()
    hold('a', 'b')
    assert.deepEqual([await update(), ids()], ['/apps', ['a', 'b']])
    await clock.advance(30_000)
    assert.deepEqual([await update(), ids()], ['/apps/delta', ['a', 'b']])
    hold('b', 'c')
    await clock.advance(30_000)
    assert.deepEqual([await update(), ids()], ['/apps/delta', ['b', 'c']])
    hold()
    await clock.advance(30_000)
    assert.deepEqual([await update(), ids()], ['/apps/delta', []])
  })

  it('reads all again where the hash says that changes are missing', async () => {
    const { clock, eureka, copy, hold, update } = copied()
    hold('a', 'b')
    await update()
    eureka.drift('ADD/add:a', 'OUT_OF_SERVICE')
    // What happened too long ago to be told.
    await clock.advance(149_000)
    await update()
    await clock.advance(149_000)
    assert.equal(await update(), '/apps/delta')
    eureka.drift('ADD/add:b', 'DOWN')
    assert.equal(await update(), '/apps/delta /apps')
    assert.deepEqual(
      copy.known.of('ADD').map(({ status }) => status),
      ['OUT_OF_SERVICE', 'DOWN'],
    )
    assert.equal(copy.lost('ADD'), 0)
  })

  it('reads all again after a while that changes are not told for', async () => {
    const { clock, hold, ids, update } = copied()
    hold('a', 'b')
    await update()
    await clock.advance(100_000)
    // One for one: the hash stays.
    hold('a', 'c')
    await clock.advance(50_001)
    assert.deepEqual([await update(), ids()], ['/apps', ['a', 'c']])
    await clock.advance(150_000)
    assert.equal(await update(), '/apps/delta')
  })

  it('reads all again at intervals, because a hash is but a number', async () => {
    const { clock, copy, hold, ids, replies, update } = copied(60_000)
    hold('a', 'b')
    await update()
    // One for one, of which this delta knows nothing.
    hold('b', 'c')
    await clock.advance(59_999)
    replies.push('{"applications":{"apps__hashcode":"UP_2_","application":[]}}')
    assert.deepEqual([await update(), ids()], ['/apps/delta', ['a', 'b']])
    await clock.advance(1)
    replies.push('{"applications":{"apps__hashcode":"UP_2_","application":[]}}')
    assert.deepEqual([await update(), ids()], ['/apps/delta /apps', ['b', 'c']])
    assert.equal(copy.lost('ADD'), 0)
    await clock.advance(59_999)
    assert.equal(await update(), '/apps/delta')
  })

  it('asks for no deltas where all is wanted each time', async () => {
    const { hold, update } = copied(0)
    hold('a')
    assert.deepEqual([await update(), await update()], ['/apps', '/apps'])
  })

  it('reads all each time where there are no deltas, and asks for them now and then', async () => {
    const { clock, eureka, hold, ids, update } = copied()
    eureka.hasDeltas = false
    hold('a')
    await update()
    assert.equal(await update(), '/apps/delta /apps')
    hold('a', 'b')
    await clock.advance(30_000)
    assert.deepEqual([await update(), ids()], ['/apps', ['a', 'b']])
    await clock.advance(119_999)
    eureka.hasDeltas = true
    for (let ms = 149_999; ms < 599_999; ms += 150_000) {
      assert.equal(await update(), '/apps')
      await clock.advance(150_000)
    }
    assert.equal(await update(), '/apps')
    await clock.advance(1)
    assert.equal(await update(), '/apps/delta')
  })

  it('takes a delta without a hash for none', async () => {
    const { hold, ids, replies, update } = copied()
    hold('a')
    await update()
    replies.push('{"applications":{"application":[]}}')
    assert.deepEqual([await update(), ids()], ['/apps/delta /apps', ['a']])
    assert.equal(await update(), '/apps')
  })

  it('knows of what was lost without a word, and of what was not', async () => {
    const { clock, eureka, copy, hold, ids, update } = copied()
    hold('a', 'b', 'c')
    await update()
    hold('b', 'c')
    await clock.advance(1_000)
    await update()
    assert.equal(copy.lost('ADD'), 0)
    eureka.forget()
    hold('c')
    assert.deepEqual([await update(), ids(), copy.lost('ADD'), copy.lost('SUB')], ['/apps/delta /apps', ['c'], 1, 0])
    await update()
    assert.equal(copy.lost('ADD'), 0)
  })

  it('fails with what makes no sense, and with what the registry fails with', async () => {
    const { replies, update, hold } = copied()
    hold('a')
    replies.push('<html>')
    await assert.rejects(update(), { code: 'internal', message: /^eureka: the reply is not JSON/ })
    await update()
    replies.push('{"applications":{"apps__hashcode":"UP_1_","application":[{"instance":[7]}]}}')
    await assert.rejects(update(), { code: 'internal', message: /an instance has no id/ })
  })

  it('comes to what the registry is, whatever happens there', async () => {
    const ids = ['a', 'b', 'c', 'd']
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ hold: fc.subarray(ids), version: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ drift: fc.constantFrom(...ids), to: fc.constantFrom('UP', 'DOWN') }) },
      { weight: 1, arbitrary: fc.constantFrom<object>({ forget: true }, { away: 151_000 }) },
    )
    const property = fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 10 }), async (polls) => {
      const { clock, eureka, copy, bodyOf, update } = copied(300_000)
      const { signal } = new AbortController()
      for (const steps of polls) {
        for (const each of steps as readonly Record<string, never>[]) {
          if (each['hold'] !== undefined)
            eureka.hold((each['hold'] as readonly string[]).map((id) => bodyOf(id, each['version'])))
          else if (each['drift'] !== undefined) eureka.drift(`ADD/add:${each['drift']}`, each['to'] as never)
          else if (each['forget'] !== undefined) eureka.forget()
          else await clock.advance(each['away'] as never)
        }
        await update()
        const known = copy.known
        const all = new RegistryCopy({
          name: 'eureka',
          now: () => 0,
          timeoutMs: 1,
          refreshMs: 0,
          wants: () => true,
          service: {
            ask: async () => reply(await eureka.backend({ method: 'GET', path: '/eureka/apps', body: '', signal })),
          },
        })
        await all.update(signal)
        assert.equal(known.hash, all.known.hash)
        await clock.advance(30_000)
      }
      // Whatever the hash has hidden, is seen when all is read again.
      await clock.advance(300_000)
      await update()
      const { body } = await eureka.backend({ method: 'GET', path: '/eureka/apps', body: '', signal })
      const versions = [...body.matchAll(/"instanceId":"add:(\w)".*?"version":"(\d)"/g)].map(
        ([, id, at]) => `${id}${at}`,
      )
      const known = copy.known.of('ADD').map(({ id, metadata }) => `${id.at(-1)}${metadata['version']}`)
      assert.deepEqual(known.toSorted(), versions.toSorted())
    })
    await fc.assert(property, { seed: 8761, numRuns: 200 })
  })
})

const reply = ({ body }: { readonly body: string }) => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(body),
})
