// Tests of acl.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedAcl, creatorAcl, worldAcl, writeAcl, type ZookeeperAclEntry } from './acl.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'

function written(acl: readonly ZookeeperAclEntry[]) {
  const writer = new JuteWriter()
  writeAcl(writer, acl)
  const reader = new JuteReader(Buffer.from(writer.frame().subarray(4)))
  return Array.from({ length: reader.int() }, () => [reader.int(), reader.text(), reader.text()])
}

describe('an ACL', () => {
  it('is written with the bits of its letters', () => {
    assert.deepEqual(written(worldAcl), [[31, 'world', 'anyone']])
    assert.deepEqual(written(creatorAcl), [[31, 'auth', '']])
    const each = [...'rwcda'].map((permissions) => ({ scheme: 'ip', id: '10.0.0.0/8', permissions }))
    assert.deepEqual(
      written(each).map(([bits]) => bits),
      [1, 2, 4, 8, 16],
    )
  })

  it('is refused when it makes no sense, or nobody would be its creator', () => {
    for (const acl of [
      [],
      'world',
      [null],
      [{ ...worldAcl[0], permissions: 'x' }],
      [{ ...worldAcl[0], scheme: '' }],
      [{ scheme: 'world' }],
    ])
      assert.throws(() => checkedAcl(acl as never, true), { name: 'TypeError', message: /^acl must be a list/ })
    assert.throws(() => checkedAcl(creatorAcl, false), {
      message: 'acl must not have the scheme auth without the options user and password',
    })
    assert.equal(checkedAcl(creatorAcl, true), creatorAcl)
  })
})
