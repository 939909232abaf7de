// Tests of name-claims.ts: metrics that Prometheus would mix up are refused, and no others.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSpec } from '../metric-spec.ts'
import type { MetricOutline } from '../registry.ts'
import { NameClaims, namesOf } from './name-claims.ts'

type Named = readonly [kind: MetricOutline['kind'], name: string]

const outline = ([kind, name]: Named): MetricOutline => ({ kind, spec: checkSpec({ name }) })

function claim(...metrics: readonly Named[]): NameClaims {
  const claims = new NameClaims()
  for (const metric of metrics) claims.claim(outline(metric))
  return claims
}

describe('NameClaims', () => {
  const clashes: readonly (readonly [first: Named, second: Named, shared: string])[] = [
    [['gauge', 'a.b'], ['gauge', 'a_b'], 'the name a_b'],
    [['counter', 'a.b'], ['counter', 'a_b_total'], 'the name a_b_total'],
    [['histogram', 'a'], ['gauge', 'a_bucket'], 'samples a_bucket'],
    [['histogram', 'a'], ['counter', 'a_sum'], 'samples a_sum'],
    [['gauge', 'a_count'], ['summary', 'a'], 'samples a_count'],
    [['counter', 'a_total'], ['gauge', 'a'], 'the OpenMetrics name a'],
    [['counter', 'a'], ['counter', 'a_total'], 'the OpenMetrics name a'],
    [['counter', 'a'], ['gauge', 'a_total'], 'OpenMetrics samples a_total'],
  ]
  for (const [first, second, shared] of clashes) {
    it(`refuses a ${second.join(' ')} beside a ${first.join(' ')}, and the other way round`, () => {
      const message = (own: Named, other: Named) =>
        `metric ${own[1]} cannot be told from metric ${other[1]} by Prometheus: both have ${shared}`
      assert.throws(() => claim(first, second), { name: 'TypeError', message: message(second, first) })
      assert.throws(() => claim(second, first), { name: 'TypeError', message: message(first, second) })
    })
  }

  it('lets pass names that only look alike', () => {
    claim(
      ['histogram', 'a'],
      ['summary', 'b'],
      ['gauge', 'a_buckets'],
      ['counter', 'a_b'],
      ['counter', 'a_count_total'],
    )
    claim(['gauge', 'b_bucket'], ['summary', 'b'], ['counter', 'a_created_total'], ['counter', 'a_total'])
  })

  it('lets a metric that was refused elsewhere try again', () => {
    const claims = claim(['gauge', 'a'])
    assert.equal(claims.claim(outline(['gauge', 'a'])).text, 'a')
  })

  it('takes nothing for a metric that it refuses', () => {
    const claims = claim(['gauge', 'a_sum'])
    assert.throws(() => claims.claim(outline(['histogram', 'a'])))
    claims.claim(outline(['gauge', 'a']))
  })

  it('says whose a name is', () => {
    const claims = claim(['histogram', 'a.b'])
    assert.equal(claims.ownerOf('gauge', { text: 'a_b_sum', openMetrics: 'a_b_sum' }), 'a.b')
    assert.equal(claims.ownerOf('gauge', { text: 'a', openMetrics: 'a' }), undefined)
  })
})

describe('namesOf', () => {
  it('has the names of a metric and of its samples in both formats', () => {
    assert.deepEqual(new Set(namesOf('counter', { text: 'a', openMetrics: 'a' })), new Set(['a', 'a_total']))
    assert.deepEqual(
      new Set(namesOf('histogram', { text: 'a', openMetrics: 'a' })),
      new Set(['a', 'a_bucket', 'a_sum', 'a_count']),
    )
  })
})
