// What becomes of the replies of an instance, whoever wrote it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { type Context, rootContext, ServiceError } from 'servicekit'
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import { stringService } from '../stringsvc2/service.ts'
import { proxying } from './proxying.ts'

/** What a proxy gives for `x` when its only instance replies that. */
async function replied(status: number, body: string, ctx: Context = rootContext({})): Promise<unknown> {
  const instance = createServer((request, response) => {
    request.resume()
    response.writeHead(status).end(body)
  })
  await once(instance.listen(0, '127.0.0.1'), 'listening')
  try {
    await using instancer = staticInstancer([`127.0.0.1:${(instance.address() as AddressInfo).port}`])
    await using service = proxying(stringService, instancer)
    return await service.uppercase({ s: 'x' }, ctx)
  } finally {
    instance.close()
  }
}

/** What the error must say. */
function saying(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServiceError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, text)
    return true
  }
}

describe('proxying', () => {
  it('takes a reply of ours, and one of Go kit’s, which has no error where there is none', async () => {
    assert.deepEqual(await replied(200, '{"v":"X","err":null}'), { v: 'X', err: null })
    assert.deepEqual(await replied(200, '{"v":"X"}'), { v: 'X', err: null })
    assert.deepEqual(await replied(200, '{"v":"","err":"empty string"}'), { v: '', err: 'empty string' })
  })

  it('does not give on a reply of another form', async () => {
    for (const body of ['{"x":1}', '{"v":1}', 'null', 'hello', ''])
      await assert.rejects(replied(200, body), saying('internal', /^static list of 1: /))
  })

  it('gives on what an instance refuses, and what it cannot do now', async () => {
    await assert.rejects(replied(404, 'not here'), saying('not_found', /^static list of 1: .*404/))
    await assert.rejects(replied(503, 'not now'), saying('unavailable', /^static list of 1: .*503$/))
  })

  it('counts by itself', async () => {
    await using instancer = staticInstancer(['127.0.0.1:1'])
    await using service = proxying(stringService, instancer)
    assert.deepEqual(await service.count({ s: 'żółć' }, rootContext({})), { v: 8 })
  })
})
