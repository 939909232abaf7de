import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceAt } from '../instance.ts'
import { base64, textOf } from './keys.ts'
import { ServiceEntries } from './service-entries.ts'

const kv = (id: string, value: string) => ({ key: base64(`/s/x/${id}`), value: base64(value) })
const put = (id: string, value: string) => ({ kv: kv(id, value) })
const removed = (id: string) => ({ type: 'DELETE' as const, kv: { key: base64(`/s/x/${id}`) } })

function opened() {
  const leftOut: string[] = []
  const entries = new ServiceEntries('/s/x/', 'x', ({ entry, error }) => leftOut.push(`${entry}: ${error.message}`))
  const shown = (changes: ReturnType<ServiceEntries['change']>) =>
    changes.map(([key, instances]) => [textOf(key), instances?.[0]?.address])
  return { entries, leftOut, shown }
}

describe('ServiceEntries', () => {
  it('leaves out what is no instance, and tells so', () => {
    const { entries, leftOut } = opened()
    assert.deepEqual(entries.list([kv('1', 'h:1'), kv('2', 'odd'), kv('a/b', 'h:3')]), [
      [base64('/s/x/1'), [{ ...instanceAt('h:1'), id: '1' }]],
      [base64('/s/x/a/b'), [{ ...instanceAt('h:3'), id: 'a/b' }]],
    ])
    assert.deepEqual(leftOut, ['/s/x/2: address must be host:port, with a port from 1 to 65535, but is "odd"'])
    assert.deepEqual(entries.list([]), [])
  })

  it('does the same with changes', () => {
    const { entries, leftOut, shown } = opened()
    entries.list([kv('1', 'h:1'), kv('2', 'h:2')])
    assert.deepEqual(shown(entries.change([put('1', 'odd'), removed('3'), put('2', 'h:4')])), [
      ['/s/x/1', undefined],
      ['/s/x/3', undefined],
      ['/s/x/2', 'h:4'],
    ])
    assert.equal(leftOut.length, 1)
    assert.deepEqual(shown(entries.change([removed('2')])), [['/s/x/2', undefined]])
  })

  it('fails where nothing is left but what is no instance', () => {
    const { entries } = opened()
    const none = { code: 'internal', message: /^x: no value is an instance: address must be/ }
    assert.throws(() => entries.list([kv('1', 'odd'), kv('2', '{}')]), none)
    entries.list([kv('1', 'h:1')])
    assert.throws(() => entries.change([put('1', 'odd')]), none)
    entries.change([put('1', 'odd'), put('2', 'h:2')])
  })
})
