// Tests of eventually.ts: what it waits for holds at once or after a few tries, so nothing here waits long.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from './eventually.ts'

describe('eventually', () => {
  it('gives what the check gives as soon as it does not fail', async () => {
    let tries = 0
    const found = await eventually(() => {
      if (++tries < 4) throw new Error('not yet')
      return 'here'
    })
    assert.deepEqual([found, tries], ['here', 4])
  })

  it('takes false as a failure, and nothing else', async () => {
    let tries = 0
    assert.equal(await eventually(() => ++tries > 2), true)
    for (const value of [0, '', null, undefined]) assert.equal(await eventually(() => value), value)
  })

  it('waits for checks that take time', async () => {
    let tries = 0
    assert.equal(await eventually(async () => (++tries > 2 ? tries : false)), 3)
  })

  it('gives up after the limit, with the last failure', async () => {
    const check = () => Promise.reject(new Error('still down'))
    const failed = eventually(check, 5)
    await assert.rejects(failed, { message: /not true within 5ms: still down/ })
    await assert.rejects(
      eventually(() => false, 0),
      { message: /it stayed false/ },
    )
  })

  it('refuses a limit that makes no sense', async () => {
    await assert.rejects(
      eventually(() => true, -1),
      { name: 'RangeError', message: /^limitMs/ },
    )
  })
})
