import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { circuitsIn } from './circuits.ts'
import { type InstanceReport, nothingOf } from './messages.ts'

const said = (at: number, ...instances: readonly Partial<InstanceReport>[]) =>
  circuitsIn({
    kind: 'report',
    at,
    retries: 0,
    gaveUp: {},
    instances: instances.map((instance) => ({ ...nothingOf('b'), ...instance })),
  })

describe('circuitsIn', () => {
  it('names those that are not closed', () => {
    assert.deepEqual(said(9_000, {}), ['circuits closed'])
    assert.deepEqual(
      said(
        9_000,
        { id: 'a' },
        { circuit: 'open', openedAt: 1_000 },
        { id: 'c', circuit: 'half_open', openedAt: 2_000 },
      ),
      ['circuit of b open', 'circuit of c half open'],
    )
  })

  it('goes on for two seconds about one that opened, when its instance has left or it is closed again', () => {
    const left: Partial<InstanceReport> = { circuit: 'open', openedAt: 1_000, leftAt: 1_200 }
    assert.deepEqual(said(2_999, left), ['circuit of b opened'])
    assert.deepEqual(said(3_000, left), ['circuits closed'])
    assert.deepEqual(said(2_999, { circuit: 'closed', openedAt: 1_000 }), ['circuit of b opened'])
  })
})
