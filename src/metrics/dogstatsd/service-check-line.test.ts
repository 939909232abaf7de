// Tests of service-check-line.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serviceCheckLine } from './service-check-line.ts'

const nobody = { tags: {}, origin: '' }

describe('a service check', () => {
  it('is a name and the number of a status', () => {
    for (const [code, status] of (['ok', 'warning', 'critical', 'unknown'] as const).entries())
      assert.equal(serviceCheckLine({ name: 'shop.db', status }, nobody), `_sc|shop.db|${code}\n`)
  })

  it('has all fields there are, and the message last', () => {
    const line = serviceCheckLine(
      {
        name: 'shop|db',
        status: 'critical',
        checkedAt: 1_700_000_000_000,
        hostname: 'web1',
        message: 'refused\nm: a|b',
        tags: { role: 'db' },
      },
      { tags: { env: 'prod' }, origin: '|c:ci-01' },
    )
    const fields = 'd:1700000000|h:web1|#env:prod,role:db|c:ci-01|m:refused\\nm\\: a_b'
    assert.equal(line, `_sc|shop_db|2|${fields}\n`)
  })

  it('is refused when it makes no sense', () => {
    for (const [check, message] of [
      [{ name: '', status: 'ok' }, /^name of a service check must be/],
      [{ name: 'a' }, /^status must be one of ok, warning, critical, unknown/],
      [{ name: 'a', status: 0 }, /^status must be one of/],
      [{ name: 'a', status: 'ok', checkedAt: '2020' }, /^checkedAt must be/],
      [{ name: 'a', status: 'ok', tags: { '': 1 } }, /^tags of a service check: a key/],
    ] as const)
      assert.throws(() => serviceCheckLine(check as never, nobody), { name: 'TypeError', message })
  })
})
