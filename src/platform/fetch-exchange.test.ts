// Tests of fetch-exchange.ts: what is fetch's own; the rest is in requester.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Heard } from '../../test/platform/heard.ts'
import { plain } from '../../test/platform/http-servers.ts'
import { FetchDispatch } from './fetch-dispatch.ts'
import { Requester } from './requester.ts'

describe('an exchange over fetch', () => {
  it('asks for the body as it is, unless told otherwise', async () => {
    const asked: unknown[] = []
    await using server = await plain((request, reply) => {
      asked.push(request.headers['accept-encoding'])
      reply.end()
    })
    await using requester = new Requester({}, FetchDispatch)
    await requester.request(server.url)
    await requester.request(server.url, { headers: { 'Accept-Encoding': 'br' } })
    assert.deepEqual(asked, ['identity', 'br'])
  })

  it('closes the source of a body that is no longer needed', async () => {
    await using server = await plain((request) => request.resume())
    await using requester = new Requester({}, FetchDispatch)
    const closed = Promise.withResolvers<void>()
    const body = (async function* () {
      try {
        for (;;) yield new Uint8Array(65_536)
      } finally {
        closed.resolve()
      }
    })()
    const heard = new Heard()
    const exchange = requester.to(server.url).send({ method: 'POST', path: '/', headers: [], body }, heard)
    await new Promise(setImmediate)
    exchange.abort()
    assert.equal((await heard.end)?.code, 'canceled')
    await closed.promise
  })
})
