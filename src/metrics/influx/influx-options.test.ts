// Tests of influx-options.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedInflux, type InfluxOptions } from './influx-options.ts'

describe('the options of influx', () => {
  it('name the write API of version 1', () => {
    const { path, service } = checkedInflux({ database: 'a&b', user: 'me', password: 'ö:p' })
    assert.equal(path, '/write?db=a%26b&precision=ns')
    assert.deepEqual(service.urls, ['http://127.0.0.1:8086'])
    const credentials = Buffer.from('me:ö:p').toString('base64')
    assert.equal(service.token(), credentials)
    assert.deepEqual(service.authorization(credentials), { authorization: `Basic ${credentials}` })
    assert.equal(checkedInflux({ database: 'a', retentionPolicy: 'r' }).path, '/write?db=a&rp=r&precision=ns')
  })

  it('name the write API of version 2', () => {
    const { path, service } = checkedInflux({ bucket: 'b c', organization: 'o', token: 'secret' })
    assert.equal(path, '/api/v2/write?org=o&bucket=b+c&precision=ns')
    assert.deepEqual(service.authorization('secret'), { authorization: 'Token secret' })
  })

  it('have defaults', () => {
    const { limits, lines } = checkedInflux({ database: 'a' })
    assert.deepEqual(limits, { maxLines: 5_000, maxBytes: 1_000_000 })
    assert.deepEqual(lines, { prefix: '', tags: {}, buckets: false })
  })

  it('are refused when they make no sense, without a word of secrets', () => {
    const wrong: readonly (readonly [InfluxOptions, RegExp])[] = [
      [{}, /^one of database, for version 1, and bucket, for version 2, must be given/],
      [{ database: 'a', bucket: 'b' }, /^one of database/],
      [{ database: '' }, /must be texts that are not empty/],
      [{ database: 'a', organization: 'o' }, /^organization goes with bucket/],
      [{ bucket: 'a', retentionPolicy: 'o' }, /^retentionPolicy goes with database/],
      [{ database: 'a', token: 't', user: 'u', password: 'hush' }, /^token and user cannot both/],
      [{ database: 'a', password: 'hush' }, /^user and password must be given together/],
      [{ database: 'a', user: 'a:b', password: 'hush' }, /^user must be a text without a colon/],
      [{ database: 'a', url: 'tcp://a' }, /^url must be like http:/],
      [{ database: 'a', token: 'hush hush' }, /^token must be a text without spaces$/],
      [{ database: 'a', prefix: 1 as never }, /^prefix must be a text, but is number/],
      [{ database: 'a', tags: 'a' as never }, /^tags must be texts by names$/],
      [{ database: 'a', tags: { a: 1 as never } }, /^tags must be texts by names, but "a" is number/],
      [{ database: 'a', maxBatchLines: 0 }, /^maxBatchLines must be an integer from 1/],
      [{ database: 'a', maxBatchBytes: 1 }, /^maxBatchBytes must be an integer from 1000/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(
        () => checkedInflux(options),
        (error: Error) => message.test(error.message) && !error.message.includes('hush'),
        String(message),
      )
    }
  })
})
