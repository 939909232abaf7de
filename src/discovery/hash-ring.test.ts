import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../primitives/random.ts'
import { balancerCases } from '../testing/conformance/balancer.ts'
import {
  idsTo,
  VirtualCalls,
  type VirtualCandidate,
  virtualCandidates,
} from '../testing/conformance/balancer-harness.ts'
import { balancingKey } from './balancing-key.ts'
import { type HashRingOptions, hashRing } from './hash-ring.ts'

const keyed = new VirtualCalls({
  balancer: () => hashRing(),
  ctx: (ctx, call) => ctx.with(balancingKey, `key ${call}`),
})

/** A ring, and what it gives to calls that have keys from 0. */
function ringOf(candidates: readonly VirtualCandidate[], options?: HashRingOptions) {
  const ring = hashRing<string>(options)
  ring.update(candidates)
  const given = (key: string, ...tried: readonly string[]) =>
    ring.pick(keyed.next(...tried).with(balancingKey, key)) as VirtualCandidate
  return { ring, given }
}

describe('hashRing', () => {
  for (const { name, run } of balancerCases) {
    it(`${name} (without keys)`, () => run({ balancer: (random) => hashRing({ random }) }))
    it(`${name} (with keys)`, () =>
      run({
        balancer: (random) => hashRing({ random }),
        ctx: (ctx, call) => ctx.with(balancingKey, `key ${call}`),
      }))
  }

  it('gives the same key to the same instance in all processes', () => {
    const one = ringOf(virtualCandidates(idsTo(50)))
    const other = ringOf(virtualCandidates(idsTo(60)))
    other.ring.update(virtualCandidates(idsTo(50)))
    for (let n = 0; n < 200; n++) {
      const { target } = one.given(`key ${n}`)
      assert.equal(other.given(`key ${n}`).target, target)
      assert.equal(one.given(`key ${n}`).target, target)
    }
  })

  it('sends a repetition elsewhere: where the key would be if what was tried were gone', () => {
    const candidates = virtualCandidates(idsTo(20))
    const { given } = ringOf(candidates)
    for (let n = 0; n < 100; n++) {
      const first = given(`key ${n}`)
      const without = ringOf(candidates.filter((each) => each !== first))
      assert.equal(given(`key ${n}`, first.target).target, without.given(`key ${n}`).target)
    }
  })

  it('keeps every instance within its bound while one key is asked for again and again', () => {
    const candidates = virtualCandidates(idsTo(20))
    const { given } = ringOf(candidates)
    for (let calls = 1; calls <= 400; calls++) {
      given('the key that all ask for').inFlight++
      // The sum may be as old as five calls.
      const most = Math.max(...candidates.map(({ inFlight }) => inFlight))
      assert.ok(most <= Math.ceil((1.25 * (calls + 5)) / 20), `${most} of ${calls}`)
    }
    assert.ok(candidates.filter(({ inFlight }) => inFlight > 0).length >= 16)
  })

  it('keeps by weight', () => {
    const candidates = virtualCandidates(idsTo(4), (at) => ({ weight: at + 1 }))
    const { given } = ringOf(candidates)
    for (let calls = 1; calls <= 400; calls++) given('the same').inFlight++
    for (const { inFlight, weight } of candidates) assert.ok(inFlight <= Math.ceil((1.25 * 400 * weight) / 10))
  })

  it('stays with the key whatever its instance has to do, without a bound', () => {
    const candidates = virtualCandidates(idsTo(9))
    const { given } = ringOf(candidates, { loadFactor: Infinity })
    const first = given('x')
    for (let calls = 0; calls < 100; calls++) given('x').inFlight++
    assert.equal(first.inFlight, 100)
  })

  it('finds a place when all have become busy behind its back, and has learned it then', () => {
    const candidates = virtualCandidates(idsTo(1_000))
    const { given } = ringOf(candidates)
    for (const each of candidates) each.inFlight = 10
    const first = given('x')
    assert.equal(first.inFlight, 10)
    first.inFlight--
    assert.equal(given('x'), first)
  })

  it('spreads calls without a key over all, within the bound', () => {
    const candidates = virtualCandidates(idsTo(20))
    const ring = hashRing<string>({ random: seededRandom(3) })
    ring.update(candidates)
    const calls = new VirtualCalls({ balancer: () => ring })
    for (let n = 0; n < 400; n++) (ring.pick(calls.next()) as VirtualCandidate).inFlight++
    for (const { inFlight } of candidates) assert.ok(inFlight >= 5 && inFlight <= 26, `${inFlight}`)
  })

  it('goes by the key among those that are left, where all of them have too many', () => {
    const [a, b, c] = virtualCandidates(['a', 'b', 'c']) as [VirtualCandidate, VirtualCandidate, VirtualCandidate]
    const { given } = ringOf([a, b, c])
    const left = ringOf([a, c], { loadFactor: Infinity })
    for (const each of [a, c]) each.inFlight = 100
    for (let n = 0; n < 30; n++) assert.equal(given(`key ${n}`, 'b'), left.given(`key ${n}`))
  })

  it('gives one that weighs little, and not one that weighs nothing, where nobody else is left', () => {
    const weights = [1, 1_000, 0]
    const { given } = ringOf(virtualCandidates(['a', 'b', 'c'], (at) => ({ weight: weights[at] })))
    for (let n = 0; n < 30; n++) assert.equal(given(`key ${n}`, 'b').target, 'a')
  })

  it('gives one that weighs little where the others have too many', () => {
    const candidates = virtualCandidates(idsTo(20), (at) => ({ weight: at === 0 ? 64 : 1 }))
    const [heavy] = candidates as [VirtualCandidate]
    heavy.inFlight = 100
    const { given } = ringOf(candidates)
    for (let n = 0; n < 50; n++) assert.notEqual(given(`key ${n}`), heavy)
  })

  it('notes nothing of what it looks at for a trace', () => {
    const candidates = virtualCandidates(idsTo(40))
    const { ring } = ringOf(candidates)
    for (const each of candidates) each.inFlight = 10
    const ctx = keyed.next()
    const [one, other] = [0, 1].map(() => {
      const seen: unknown[] = []
      ring.pick(ctx, { consider: (each, _, note) => seen.push([each.target, note]) })
      return seen
    })
    assert.deepEqual(one, other)
    assert.equal(new Set(one?.slice(0, -1).map((each) => (each as unknown[])[0])).size, (one?.length ?? 0) - 1)
  })

  it('tells why it passed one over', () => {
    const candidates = virtualCandidates(idsTo(3))
    const { ring, given } = ringOf(candidates)
    const first = given('x')
    first.inFlight = 9
    const notes: (string | undefined)[] = []
    const ctx = keyed.next().with(balancingKey, 'x')
    // A look notes nothing, so what it sees of the sum is what the last call saw.
    ring.pick(ctx)
    const second = ring.pick(ctx, { consider: (each, _, note) => notes.push(`${each.target}: ${note}`) })
    assert.notEqual(second, first)
    assert.equal(notes[0], `${first.target}: passed over: has 9 in flight, of 5 allowed`)
    assert.equal(notes.at(-1), `${second?.target}: nearest to the key`)
    ring.pick(keyed.next(first.target).with(balancingKey, 'x'), {
      consider: (each, _, note) => notes.push(`${each.target}: ${note}`),
    })
    assert.ok(notes.includes(`${first.target}: tried`))
  })

  it('refuses what makes no sense', () => {
    for (const loadFactor of [1, 0.5, Number.NaN]) assert.throws(() => hashRing({ loadFactor }), /loadFactor must be/)
    for (const key of [5, null]) {
      const { given } = ringOf(virtualCandidates(['a']))
      assert.throws(() => given(key as never), /^TypeError: balancingKey must be bound to a string/)
    }
  })
})
