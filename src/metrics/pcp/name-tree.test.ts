// Tests of name-tree.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NameTree } from './name-tree.ts'

describe('NameTree', () => {
  it('takes names side by side', () => {
    const tree = new NameTree()
    tree.add('took', ['took.count', 'took.sum'])
    tree.add('took.other', ['took.other'])
    tree.add('took', ['took.count', 'took.sum'])
  })

  it('refuses a name that is there, that is a branch, or that hangs on a leaf', () => {
    const tree = new NameTree()
    tree.add('rpc.calls', ['rpc.calls'])
    tree.add('a:b', ['a_b'])
    for (const [name, other] of [
      ['a_b', 'a:b'],
      ['rpc', 'rpc.calls'],
      ['rpc.calls.sum', 'rpc.calls'],
      ['rpc.calls.sum.more', 'rpc.calls'],
    ] as const) {
      const message = `metric ${name} is ${name} in PCP, where ${other} is in the way: give it another name`
      assert.throws(() => tree.add(name, [name]), { name: 'TypeError', message })
    }
    // What was refused is not half there.
    assert.throws(() => tree.add('fine', ['fine', 'rpc']), TypeError)
    tree.add('fine2', ['fine'])
  })
})
