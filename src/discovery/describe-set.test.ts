import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeSet } from './describe-set.ts'
import { instanceAt } from './instance.ts'
import type { InstanceSet } from './instancer.ts'

const a = instanceAt('a:1')

describe('describeSet', () => {
  const name = 'addsvc in consul'
  const known: InstanceSet = { instances: [a], seenAt: 1_000, error: undefined, failingSince: undefined }

  it('says what was looked up and when it was last seen', () => {
    const never = { ...known, instances: undefined, seenAt: undefined }
    assert.equal(describeSet({ name, current: never }, 2_000), 'addsvc in consul, which was never seen')
    assert.equal(
      describeSet({ name, current: { ...known, instances: [] } }, 2_000),
      'addsvc in consul, which had 0 when it was last seen, 1s ago',
    )
  })

  it('says since when the registry fails, and with what', () => {
    const current = { ...known, instances: undefined, error: new Error('refused'), failingSince: 2_000 }
    assert.equal(
      describeSet({ name, current }, 4_500),
      'addsvc in consul, which was last seen 3.5s ago, too long ago; the lookup has failed since 2.5s ago: refused',
    )
  })
})
