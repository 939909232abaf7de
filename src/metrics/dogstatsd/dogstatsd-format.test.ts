// Tests of dogstatsd-format.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSpec } from '../metric-spec.ts'
import { dogstatsdFormat } from './dogstatsd-format.ts'
import { checkedDogstatsd, type DogstatsdOptions } from './dogstatsd-options.ts'

const formatOf = (options: DogstatsdOptions) => dogstatsdFormat(checkedDogstatsd(options))

describe('the format of DogStatsD', () => {
  it('has tags behind the type, and the origin behind the tags', () => {
    const options = { prefix: 'shop.', tags: { env: 'prod' }, containerId: 'ci-01' }
    const { counter, gauge } = formatOf(options)
    const spec = checkSpec({ name: 'rpc:calls', labels: ['method', 'code'] })
    assert.deepEqual(counter(spec, ['sum', 'ok']), {
      before: 'shop.rpc_calls:',
      after: '|c|#env:prod,method:sum,code:ok|c:ci-01\n',
      extraBytes: 0,
    })
    assert.equal(gauge(spec, ['a,b', '']).after, '|g|#env:prod,method:a_b|c:ci-01\n')
    assert.equal(formatOf({}).counter(spec, ['', '']).after, '|c\n')
  })

  it('writes timings as they were asked for', () => {
    const seconds = checkSpec({ name: 'took', unit: 'seconds' })
    const bytes = checkSpec({ name: 'size', unit: 'bytes' })
    for (const [timings, type, ofBytes, perUnit] of [
      ['distribution', 'd', 'd', undefined],
      ['histogram', 'h', 'h', undefined],
      ['timing', 'ms', 'h', 1_000],
    ] as const) {
      const { timing } = formatOf({ timings })
      assert.deepEqual(timing(seconds, [], 1), {
        before: 'took:',
        after: `|${type}\n`,
        extraBytes: 0,
        millisecondsPer: perUnit,
      })
      assert.deepEqual(timing(bytes, [], 1), {
        before: 'size:',
        after: `|${ofBytes}\n`,
        extraBytes: 0,
        millisecondsPer: undefined,
      })
    }
  })

  it('says the share of values before the tags', () => {
    const { timing } = formatOf({ tags: { env: 'prod' } })
    assert.equal(timing(checkSpec({ name: 'took' }), [], 0.25).after, '|d|@0.25|#env:prod\n')
  })

  it('sets gauges and packs values, unless it is told otherwise', () => {
    const { signAdds, packsTimings } = formatOf({})
    assert.deepEqual([signAdds, packsTimings], [false, true])
    const other = formatOf({ negativeGauges: 'from-zero', packed: false })
    assert.deepEqual([other.signAdds, other.packsTimings], [true, false])
  })
})
