// Tests of refuse-method.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refuseMethod } from './refuse-method.ts'

describe('refuseMethod', () => {
  it('has nothing against GET and HEAD', () => {
    assert.deepEqual([refuseMethod('GET', 'metrics'), refuseMethod('HEAD', 'metrics')], [undefined, undefined])
  })

  it('says what any other method may be instead', async () => {
    const refused = refuseMethod('POST', 'metrics')
    assert.deepEqual([refused?.status, refused?.headers.get('allow')], [405, 'GET, HEAD'])
    assert.equal(await refused?.text(), 'metrics are read with GET, not POST\n')
  })
})
