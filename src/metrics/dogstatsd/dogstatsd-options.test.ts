// Tests of dogstatsd-options.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedDogstatsd } from './dogstatsd-options.ts'

describe('the options of DogStatsD', () => {
  it('have defaults', () => {
    const { address, ...checked } = checkedDogstatsd({})
    assert.equal(address.text, 'udp://127.0.0.1:8125')
    assert.deepEqual(checked, {
      prefix: '',
      tags: {},
      timings: 'distribution',
      packed: true,
      signAdds: false,
      origin: '',
    })
  })

  it('say where the sender runs', () => {
    const { origin } = checkedDogstatsd({ containerId: 'ci-0123,in-77', externalData: 'it-false,cn-app,pu-75a2' })
    assert.equal(origin, '|c:ci-0123,in-77|e:it-false,cn-app,pu-75a2')
  })

  it('are refused when they make no sense', () => {
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ timings: 'set' }, /^timings must be one of distribution, histogram, timing, but is "set"$/],
      [{ negativeGauges: 'add' }, /^negativeGauges must be one of set, from-zero, but is "add"$/],
      [{ packed: 1 }, /^packed must be true or false$/],
      [{ containerId: 'a|b' }, /^containerId must be up to 300 letters/],
      [{ containerId: '' }, /^containerId must be/],
      [{ externalData: 'a\nb' }, /^externalData must be/],
      [{ tags: { 'a|b': 1 } }, /^tags: a key must be/],
      [{ url: 'localhost' }, /^url must be/],
      [{ prefix: 'a b' }, /^prefix must be/],
    ]
    for (const [options, message] of refused)
      assert.throws(() => checkedDogstatsd(options as never), { name: 'TypeError', message })
    assert.throws(() => checkedDogstatsd({ sampleRatio: 0 }), RangeError)
  })
})
