// Tests of scrape-handler.ts: what a request for the page gets.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { rootContext } from '../../core/context.ts'
import { scrapeHandler, type Wanted } from './scrape-handler.ts'

const url = 'http://localhost/metrics'
const long = 'up 1\n'.repeat(1_000)

function get(page: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  const asked: { format: string; wanted: Wanted }[] = []
  const handler = scrapeHandler((format, wanted) => {
    asked.push({ format, wanted })
    return page
  })
  const response = async (query = '') => await handler(new Request(url + query, { headers, ...init }), rootContext())
  return { asked, response }
}

describe('scrapeHandler', () => {
  it('answers in the format that is asked for, and says which', async () => {
    const text = await get('page').response()
    assert.deepEqual(
      [text.status, text.headers.get('content-type'), await text.text()],
      [200, 'text/plain; version=0.0.4; charset=utf-8', 'page'],
    )
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
    const { asked, response } = get('page', { accept })
    const openMetrics = await response()
    assert.equal(openMetrics.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    assert.deepEqual(asked, [{ format: 'openmetrics', wanted: undefined }])
  })

  it('compresses where that is allowed and worth it', async () => {
    const zipped = await get(long, { 'accept-encoding': 'gzip' }).response()
    assert.equal(zipped.headers.get('content-encoding'), 'gzip')
    const bytes = Buffer.from(await zipped.arrayBuffer())
    assert.ok(bytes.length < 200)
    assert.equal(gunzipSync(bytes).toString(), long)
    for (const [page, encoding] of [
      [long, 'gzip;q=0'],
      [long, 'br'],
      ['up 1\n', 'gzip'],
    ] as const) {
      const plain = await get(page, { 'accept-encoding': encoding }).response()
      assert.deepEqual([plain.headers.get('content-encoding'), await plain.text()], [null, page])
    }
  })

  it('sends the page as it is where the runtime cannot compress', async () => {
    const { CompressionStream } = globalThis
    try {
      Reflect.deleteProperty(globalThis, 'CompressionStream')
      const plain = await get(long, { 'accept-encoding': 'gzip' }).response()
      assert.deepEqual([plain.headers.get('content-encoding'), await plain.text()], [null, long])
    } finally {
      globalThis.CompressionStream = CompressionStream
    }
  })

  it('answers HEAD with the headers of the page, and does not make it', async () => {
    const { asked, response } = get('page', {}, { method: 'HEAD' })
    const head = await response()
    assert.deepEqual(
      [head.status, head.headers.get('content-type'), head.body, asked],
      [200, 'text/plain; version=0.0.4; charset=utf-8', null, []],
    )
  })

  it('refuses other methods', async () => {
    const { asked, response } = get('page', {}, { method: 'POST', body: 'up 1' })
    const refused = await response()
    assert.deepEqual([refused.status, refused.headers.get('allow'), asked], [405, 'GET, HEAD', []])
    assert.match(await refused.text(), /POST/)
  })

  it('passes on the names that are asked for', async () => {
    const { asked, response } = get('page')
    await response('?name[]=a_total&name%5B%5D=b&name=c')
    assert.deepEqual(asked[0]?.wanted, new Set(['a_total', 'b']))
  })

  it('waits for a page that takes time', async () => {
    const handler = scrapeHandler(async () => 'page')
    const response = await handler(new Request(url), rootContext())
    assert.equal(await response.text(), 'page')
  })
})
