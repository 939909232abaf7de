// Tests of operation.ts: the bytes of requests, written down by hand from zookeeper.jute, and what replies mean.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { worldAcl } from './acl.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { addNode, exists, getChildren, getData, type Operation, removeNode, setData } from './operation.ts'

function bytesOf({ write }: Operation<unknown>): string {
  const writer = new JuteWriter()
  write(writer)
  return Buffer.from(writer.frame().subarray(4)).toString('hex')
}

function reading<T>({ read }: Operation<T>, hex: string): T {
  return read(new JuteReader(Buffer.from(hex, 'hex')))
}

const stat = `${'00'.repeat(7)}01${'00'.repeat(7)}02${'00'.repeat(16)}00000003${'00'.repeat(8)}${'00'.repeat(7)}04${'00'.repeat(16)}`
const path = '000000022f61'
const acl = `000000010000001f00000005${Buffer.from('world').toString('hex')}00000006${Buffer.from('anyone').toString('hex')}`

describe('operations', () => {
  it('have the bytes of ZooKeeper', () => {
    const node = { path: '/a', data: Buffer.from('d'), acl: worldAcl }
    assert.equal(bytesOf(addNode({ ...node, mode: 'ephemeral' })), `${path}0000000164${acl}00000001`)
    assert.equal(bytesOf(addNode({ ...node, mode: 'container' })), `${path}0000000164${acl}00000004`)
    assert.equal(bytesOf(addNode({ ...node, mode: 'persistent' })), `${path}0000000164${acl}00000000`)
    assert.deepEqual(
      (['ephemeral', 'container', 'persistent'] as const).map((mode) => addNode({ ...node, mode }).type),
      [1, 19, 1],
    )
    assert.equal(bytesOf(removeNode('/a', 3)), `${path}00000003`)
    assert.equal(bytesOf(exists('/a', true)), `${path}01`)
    assert.equal(bytesOf(getData('/a', false)), `${path}00`)
    assert.equal(bytesOf(setData('/a', Buffer.from('d'))), `${path}0000000164ffffffff`)
    assert.equal(bytesOf(getChildren('/a', true)), `${path}01`)
    const types = [
      removeNode('/a', 0),
      exists('/a', true),
      getData('/a', true),
      setData('/a', Buffer.alloc(0)),
      getChildren('/a', true),
    ]
    assert.deepEqual(
      types.map(({ type }) => type),
      [2, 3, 4, 5, 12],
    )
  })

  it('read what is answered', () => {
    const expected = { czxid: 1n, mzxid: 2n, version: 3, ephemeralOwner: 4n }
    assert.deepEqual(reading(exists('/a', true), stat), expected)
    const { data, stat: read } = reading(getData('/a', true), `0000000164${stat}`) ?? {}
    assert.deepEqual([data?.toString(), read], ['d', expected])
    assert.deepEqual(reading(getChildren('/a', true), `000000020000000162000000016300${stat.slice(2)}`), ['b', 'c'])
    assert.equal(
      reading(addNode({ path: '/a', data: Buffer.alloc(0), acl: worldAcl, mode: 'ephemeral' }), path),
      'created',
    )
  })

  it('take some refusals for an answer', () => {
    const answers = ({ instead }: Operation<unknown>) => Object.fromEntries(instead ?? [])
    const node = { path: '/a', data: Buffer.alloc(0), acl: worldAcl, mode: 'ephemeral' } as const
    assert.deepEqual(answers(addNode(node)), { '-110': 'exists', '-101': 'parentless', '-6': 'unknown' })
    assert.deepEqual(answers(removeNode('/a', 0)), { '-101': true, '-103': false })
    assert.deepEqual(answers(exists('/a', true)), { '-101': undefined })
    assert.deepEqual(answers(setData('/a', Buffer.alloc(0))), { '-101': false })
  })
})
