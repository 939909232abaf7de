// Proves the conformance suite of balancers: one that draws passes it, and each of the usual faults fails the cases that it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from '../../core/context.ts'
import { type PickTrace, triedIn } from '../../discovery/balancer.ts'
import type { Candidate } from '../../discovery/candidate.ts'
import { type Random, seededRandom, systemRandom } from '../../primitives/random.ts'
import { type BalancerHarness, balancerCases } from './balancer.ts'

type Pick = (
  set: readonly Candidate<string>[],
  ctx: Context,
  random: Random,
  trace?: PickTrace<string>,
) => Candidate<string> | undefined

/** A balancer that draws anew for each pick by its number, so that a trace costs no chance. */
function harnessOf(pick: Pick, changed: { name?: string; keeps?: boolean } = {}): BalancerHarness {
  return {
    balancer(random) {
      let set: readonly Candidate<string>[] = []
      const seed = random()
      let made = 0
      return {
        name: changed.name ?? 'drawing',
        update(candidates) {
          if (!changed.keeps || set.length === 0) set = candidates
        },
        pick: (ctx, trace) => pick(set, ctx, seededRandom(seed + (trace === undefined ? made++ : made)), trace),
      }
    },
  }
}

const right: Pick = (set, ctx, random, trace) => {
  const tried = triedIn(ctx)
  const left = set.filter((each) => !tried?.has(each.instance.id))
  const among = left.length > 0 ? left : set
  for (const each of among) trace?.consider(each)
  return among[Math.floor(random() * among.length)]
}

function failedBy(harness: BalancerHarness): readonly string[] {
  return balancerCases.flatMap(({ name, run }) => {
    try {
      run(harness)
      return []
    } catch {
      return [name]
    }
  })
}

const alone = ({ instance, target }: Candidate<string>): Candidate<string> => ({
  ...({ weight: 1, joinedAt: 0, inFlight: 0, latencyMs: 0, successRatio: 1, healthy: true } as const),
  instance,
  target,
  loadAt: () => 0,
})

const faults: readonly (readonly [fault: string, BalancerHarness, caught: RegExp])[] = [
  [
    'an error for an empty set',
    harnessOf((set, ...rest) => {
      if (set.length === 0) throw new Error('empty')
      return right(set, ...rest)
    }),
    /^gives nothing/,
  ],
  ['a name with blanks', harnessOf(right, { name: 'Round robin' }), /^has a name/],
  ['a set that is kept', harnessOf(right, { keeps: true }), /^keeps to the last set/],
  [
    'copies of candidates',
    harnessOf((...all) => {
      const given = right(...all)
      return given && alone(given)
    }),
    /^gives the only one/,
  ],
  [
    'the same instance again',
    harnessOf((set, _ctx, random, trace) => {
      for (const each of set) trace?.consider(each)
      return set[Math.floor(random() * set.length)]
    }),
    /^passes over what was tried/,
  ],
  [
    'nothing where all were tried',
    harnessOf((set, ctx, ...rest) => {
      const tried = triedIn(ctx)
      return right(
        set.filter((each) => !tried?.has(each.instance.id)),
        ctx,
        ...rest,
      )
    }),
    /^gives one that was tried/,
  ],
  [
    'nothing for those that weigh nothing',
    harnessOf((set, ...rest) =>
      right(
        set.filter((each) => each.weight > 0),
        ...rest,
      ),
    ),
    /^gives one of those that weigh nothing/,
  ],
  [
    'chance of its own',
    harnessOf((set, ctx, _random, trace) => right(set, ctx, systemRandom, trace)),
    /^chooses the same with the same/,
  ],
  ['a trace that is silent', harnessOf((set, ctx, random) => right(set, ctx, random)), /^tells a trace/],
  [
    'a trace of strangers',
    harnessOf((set, ctx, random, trace) =>
      right(
        set,
        ctx,
        random,
        trace && { consider: (each) => [each, alone(each)].forEach((one) => trace.consider(one)) },
      ),
    ),
    /^tells a trace/,
  ],
]

describe('the conformance suite of balancers', () => {
  it('is passed by a balancer that does as it should', () => {
    assert.deepEqual(failedBy(harnessOf(right)), [])
  })

  it('finds a trace that costs a draw', () => {
    const harness: BalancerHarness = {
      balancer(random) {
        let set: readonly Candidate<string>[] = []
        return {
          name: 'drawing',
          update(candidates) {
            set = candidates
          },
          pick: (ctx, trace) => right(set, ctx, random, trace),
        }
      },
    }
    assert.deepEqual(failedBy(harness), ['chooses the same with and without a trace between picks'])
  })

  for (const [fault, harness, caught] of faults) {
    it(`finds ${fault}`, () => {
      const failed = failedBy(harness)
      assert.ok(
        failed.some((name) => caught.test(name)),
        failed.join('\n'),
      )
    })
  }

  it('binds to each call what the harness says', () => {
    const seen: number[] = []
    const harness = harnessOf(right)
    failedBy({
      ...harness,
      ctx(ctx, call) {
        seen.push(call)
        return ctx
      },
    })
    assert.ok(seen.length > 100)
    assert.equal(seen[0], 0)
    assert.equal(seen[1], 1)
  })
})
