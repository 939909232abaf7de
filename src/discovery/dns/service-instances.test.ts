import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ServiceRecord } from './resource-record.ts'
import { serviceInstances } from './service-instances.ts'
import type { TargetAddress } from './target-addresses.ts'

const record = (target: string, weight = 0, priority = 0, port = 80): ServiceRecord => ({
  type: 'SRV',
  name: 'x',
  ttlMs: 1_000,
  priority,
  weight,
  port,
  target,
})
const at = (...addresses: string[]): TargetAddress => ({ addresses, expiresAt: 0 })
const hosts = new Map([
  ['a', at('10.0.0.1')],
  ['b', at('10.0.0.2')],
  ['c', at('10.0.0.3')],
  ['two', at('10.0.0.8', '::1')],
  ['none', { ...at(), trouble: 'its target has no address' }],
])

function made(...records: ServiceRecord[]): {
  readonly weights: Readonly<Record<string, number | undefined>>
  readonly ids: string[]
  readonly left: string[]
} {
  const left: string[] = []
  const instances = serviceInstances(records, hosts, ({ target, port }, reason) =>
    left.push(`${target}:${port} ${reason}`),
  )
  return {
    weights: Object.fromEntries(instances.map(({ metadata, weight }) => [metadata?.['target'], weight])),
    ids: instances.map(({ id }) => id),
    left,
  }
}

const refuse = ({ target }: ServiceRecord, reason: string) => assert.fail(`${target}: ${reason}`)

describe('serviceInstances', () => {
  it('gives all that a record says', () => {
    assert.deepEqual(serviceInstances([record('a', 7, 2, 8080)], hosts, refuse), [
      { id: 'a:8080/10.0.0.1', address: '10.0.0.1:8080', priority: 2, weight: 7, metadata: { target: 'a' } },
    ])
  })

  it('takes weights as they are', () => {
    assert.deepEqual(made(record('a', 1), record('b', 65_535)).weights, { a: 1, b: 65_535 })
  })

  it('takes records that all have weight 0 for even', () => {
    assert.deepEqual(made(record('a'), record('b')).weights, { a: 1, b: 1 })
  })

  it('gives records of weight 0 beside others the chance that RFC 2782 draws: one of the sum and one', () => {
    assert.deepEqual(made(record('a'), record('b'), record('c', 9)).weights, { a: 0.5, b: 0.5, c: 9 })
  })

  it('weighs each priority for itself', () => {
    assert.deepEqual(made(record('a', 0, 1), record('b', 5, 2), record('c', 0, 2)).weights, { a: 1, b: 5, c: 1 })
  })

  it('divides the weight of a target among its addresses', () => {
    const instances = serviceInstances([record('two', 6)], hosts, refuse)
    assert.deepEqual(
      instances.map(({ address, weight }) => [address, weight]),
      [
        ['10.0.0.8:80', 3],
        ['[::1]:80', 3],
      ],
    )
  })

  it('leaves out what makes no sense, says why, and takes the others', () => {
    const { ids, left } = made(record('a', 0, 0, 0), record('none'), record('.'), record('b'), record('unheard-of'))
    assert.deepEqual(ids, ['b:80/10.0.0.2'])
    assert.deepEqual(left, [
      'a:0 its port is 0',
      'none:80 its target has no address',
      '.:80 it says that there is no such service, and is not alone',
      'unheard-of:80 its target has no address',
    ])
  })

  it('takes the word of a record that there is decidedly no such service', () => {
    assert.deepEqual(made(record('.', 0, 0, 0)), { weights: {}, ids: [], left: [] })
  })

  it('takes one process for one instance: the record that comes first, by priority and then by weight', () => {
    const records = [record('a', 9, 1), record('a', 3), record('a', 5), record('a', 1, 0, 81)]
    assert.deepEqual(
      serviceInstances(records, hosts, refuse).map(({ id, priority, weight }) => [id, priority, weight]),
      [
        ['a:80/10.0.0.1', 0, 5],
        ['a:81/10.0.0.1', 0, 1],
      ],
    )
  })

  it('gives the same set in whatever order the records come, with shares that RFC 2782 has', () => {
    const weights = fc.array(fc.oneof(fc.constant(0), fc.nat(65_535)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(weights, (list) => {
        const records = list.map((weight, n) => record(`h${n}`, weight))
        const found = new Map(records.map(({ target }, n) => [target, at(`10.0.1.${n}`)]))
        const all = serviceInstances(records, found, refuse)
        const reversed = serviceInstances(records.toReversed(), found, refuse)
        const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)
        assert.deepEqual(reversed.toSorted(byId), all.toSorted(byId))
        const total = all.reduce((sum, { weight = 0 }) => sum + weight, 0)
        const sum = list.reduce((one, other) => one + other, 0)
        const zeros = list.filter((weight) => weight === 0).length
        const expected = sum === 0 ? zeros : sum + Math.min(zeros, 1)
        assert.ok(Math.abs(total - expected) < 1e-6)
        assert.ok(all.every(({ weight = 0 }) => weight > 0))
      }),
      { seed: 2782, numRuns: 300 },
    )
  })
})
