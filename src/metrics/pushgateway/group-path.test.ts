// Tests of group-path.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { groupPath } from './group-path.ts'

describe('groupPath', () => {
  it('is the job, and the labels of the group in their order', () => {
    assert.equal(groupPath('nightly', {}), '/metrics/job/nightly')
    assert.equal(groupPath('a b', { zone: 'ü', instance: 'h1:90' }), '/metrics/job/a%20b/zone/%C3%BC/instance/h1%3A90')
  })

  it('writes in base64 what a path cannot carry', () => {
    // The examples of Pushgateway's README.
    assert.equal(
      groupPath('directory_cleaner', { path: '/var/tmp' }),
      '/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA',
    )
    assert.equal(groupPath('/', { empty: '' }), '/metrics/job@base64/Lw/empty@base64/=')
    assert.equal(groupPath('..', { a: '.' }), '/metrics/job@base64/Li4/a@base64/Lg')
  })

  it('can be read back, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), (job, value) => {
        const { pathname } = new URL(`http://a${groupPath(job, { label: value })}`)
        const [, root, ...parts] = pathname.split('/')
        assert.deepEqual([root, parts.length], ['metrics', 4])
        const read = (name = '', text = '') =>
          name.endsWith('@base64')
            ? Buffer.from(text.replace('=', ''), 'base64url').toString()
            : decodeURIComponent(text)
        assert.deepEqual(
          [read(parts[0], parts[1]), read(parts[2], parts[3])],
          [job, value].map((one) => one.toWellFormed()),
        )
      }),
      { seed: 2 },
    )
  })

  it('refuses what makes no group', () => {
    assert.throws(() => groupPath('', {}), { message: 'job must be a text that is not empty' })
    for (const name of ['job', '', 'a-b', '1a', '__name__'])
      assert.throws(() => groupPath('a', { [name]: 'x' }), { message: /^grouping must have names of labels/ })
    assert.throws(() => groupPath('a', { b: 1 as never }), { message: 'grouping.b must be a text, but is number' })
  })
})
