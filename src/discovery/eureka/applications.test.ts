import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { applicationsIn } from './applications.ts'

const read = (value: unknown) =>
  applicationsIn(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)))
const one = { instanceId: 'a', hostName: 'h1', port: 80 }

describe('applicationsIn', () => {
  it('gives all instances, and the hash', () => {
    const application = [
      { name: 'ADD', instance: [one, { ...one, instanceId: 'b' }] },
      { name: 'SUB', instance: [one] },
    ]
    const { instances, hash } = read({ applications: { versions__delta: '1', apps__hashcode: 'UP_3_', application } })
    assert.deepEqual(
      instances.map(({ app, id }) => `${app}/${id}`),
      ['ADD/a', 'ADD/b', 'SUB/a'],
    )
    assert.equal(hash, 'UP_3_')
  })

  it('reads one of something where older versions write no list', () => {
    const { instances, hash } = read({ applications: { application: { name: 'ADD', instance: one } } })
    assert.deepEqual([instances.map(({ id }) => id), hash], [['a'], undefined])
  })

  it('takes nothing for nothing', () => {
    for (const application of [undefined, null, [], { name: 'ADD' }, [null], { name: 'ADD', instance: null }])
      assert.deepEqual(read({ applications: { apps__hashcode: '', application } }), { instances: [], hash: '' })
  })

  it('refuses what makes no sense, and says where to look', () => {
    for (const text of ['', '<html>', '{"applications":'])
      assert.throws(() => read(text), /^Error: the reply is not JSON/)
    for (const value of [null, [], 7, {}, { applications: null }, { applications: 'none' }])
      assert.throws(
        () => read(value),
        /^Error: the reply has no applications: is this the URL of a Eureka, with its path/,
      )
    assert.throws(() => read({ applications: { application: [{ name: 'ADD', instance: [7] }] } }), /has no id/)
  })
})
