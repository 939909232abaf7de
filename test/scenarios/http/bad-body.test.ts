// Bodies that must not be read: larger than the limit, and in codings that the server does not speak.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { eventually } from 'servicekit/testing/eventually'
import { manualClock } from 'servicekit/testing/manual-clock'
import { type Bytes, everyPace } from './raw-http.ts'
import { goodBody, goodRequest, isProblem, jsonHeader, request, Victim } from './victim.ts'

const maxBodyBytes = 100
const padded = (bytes: number) => goodBody.padEnd(bytes, ' ')
const head = (...headers: string[]) =>
  ['POST /sum HTTP/1.1', 'host: victim', jsonHeader, ...headers, '', ''].join('\r\n')
const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`
const chunked = head('transfer-encoding: chunked')

let victim: Victim
before(async () => {
  victim = await Victim.start({ maxBodyBytes })
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('a body larger than the limit', () => {
  const bodies: Readonly<Record<string, string>> = {
    'by its length, all of it sent': head('content-length: 101') + padded(101),
    'by its length, none of it sent': head('content-length: 101'),
    'by a length of a petabyte': head('content-length: 1000000000000000'),
    'by a length beyond all safe integers': head('content-length: 9007199254740993'),
    'in one chunk': chunked + chunk(padded(101)),
    'in one chunk, all of it sent': `${chunked}${chunk(padded(101))}0\r\n\r\n`,
    'in many chunks': chunked + chunk(padded(50)) + chunk(' ').repeat(51),
    'in many chunks, all of it sent': `${chunked}${chunk(' ').repeat(101)}0\r\n\r\n`,
  }
  for (const [name, data] of Object.entries(bodies)) {
    for (const pace of everyPace) {
      it(`is answered with 413 and the connection closes: ${name}, ${pace}`, async () => {
        await victim.refuses(data, { status: 413, closes: true, pace })
      })
    }
  }

  for (const [name, data] of Object.entries({
    'by its length': head('content-length: 100') + padded(100),
    'in one chunk': `${chunked}${chunk(padded(100))}0\r\n\r\n`,
    'in a hundred chunks': `${chunked}${[...padded(100)].map(chunk).join('')}0\r\n\r\n`,
  })) {
    it(`passes when it is just as large as the limit: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(data)
      assert.equal((await http.reply()).status, 200)
      await victim.isWell('sum')
    })
  }

  for (const [name, framing] of Object.entries({
    'by its length': 'content-length: 8000000',
    'by chunks': 'transfer-encoding: chunked',
  })) {
    it(`is answered so that a client which sends on and on reads it all: ${name}`, async () => {
      const http = await victim.connect()
      const piece = name === 'by chunks' ? chunk(' '.repeat(65_536)) : ' '.repeat(65_536)
      await http.write(head(framing))
      for (let sent = 0; sent < 100; sent++) assert.equal(await http.write(piece), true, 'the connection was reset')
      const [reply, ...more] = await http.closed()
      assert.equal(reply?.status, 413)
      assert.deepEqual([more, http.failure], [[], undefined])
      await victim.isWell()
    })
  }

  it('does not fill the memory', async () => {
    const http = await victim.connect()
    const piece = Buffer.from(chunk(' '.repeat(65_536)))
    await http.write(chunked)
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    for (let sent = 0; sent < 1_000; sent++) {
      await http.write(piece)
      if (sent % 100 !== 99) continue
      collectGarbage()
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    assert.equal((await http.reply()).status, 413)
    assert.ok(most < 32_000_000, `${most} bytes were held of 65 million`)
    await victim.isWell()
  })

  for (const path of ['/echo', '/add']) {
    it(`does not fill the memory when it is within the limit, but comes a byte a chunk: ${path}`, async () => {
      await using other = await Victim.start({ maxBodyBytes: 200_000 })
      const http = await other.connect()
      const piece = Buffer.from(chunk(' ').repeat(1_000))
      await http.write(chunked.replace('/sum', path))
      collectGarbage()
      const before = process.memoryUsage()
      for (let sent = 0; sent < 150; sent++) await http.write(piece)
      await other.isWell(...(path === '/add' ? ['add'] : []))
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      const held = heapUsed + external - before.heapUsed - before.external
      assert.ok(held < 5_000_000, `${held} bytes are held for a body of 150000`)
    })
  }

  it('does not keep its connection: a client that sends without end is cut off', async () => {
    const clock = manualClock()
    await using watched = await Victim.start({ maxBodyBytes, clock })
    const http = await watched.connect()
    await http.write(head('content-length: 101'))
    assert.equal((await http.closed())[0]?.status, 413)
    assert.equal(await http.write('x'), true)
    await clock.advance(60_000)
    await eventually(async () => !(await http.write('x')))
    await watched.isWell()
  })

  it('is told of a message in a stream, and the rest of the stream is not waited for', async () => {
    const http = await victim.connect()
    await http.write(`${chunked.replace('/sum', '/add')}${chunk('1\n2\n')}${chunk('1'.repeat(101))}`)
    const reply = await http.reply()
    assert.equal(reply.status, 400)
    isProblem(reply, 'invalid_argument')
    await victim.isWell('add')
  })

  it('is no matter for a stream as a whole', async () => {
    const http = await victim.connect()
    await http.write(`${chunked.replace('/sum', '/add')}${chunk('1\n').repeat(200)}0\r\n\r\n`)
    assert.equal((await http.reply()).body, '200\n')
    await victim.isWell('add')
  })
})

describe('a body in another coding', () => {
  const codings: Readonly<Record<string, Bytes>> = {
    gzip: gzipSync(goodBody),
    deflate: deflateSync(goodBody),
    br: brotliCompressSync(goodBody),
    zstd: goodBody,
    compress: goodBody,
    'x-gzip': gzipSync(goodBody),
    GZIP: gzipSync(goodBody),
    'gzip, identity': gzipSync(goodBody),
    'identity, gzip': gzipSync(goodBody),
    '*': goodBody,
    aes128gcm: goodBody,
    'no such thing; q=1': goodBody,
    constructor: goodBody,
  }
  for (const [coding, body] of Object.entries(codings)) {
    for (const pace of everyPace) {
      it(`is refused: ${coding}, ${pace}`, async () => {
        const data = request('POST /sum', body, [jsonHeader, `content-encoding: ${coding}`])
        const reply = await victim.refuses(data, { status: 415, pace })
        assert.equal(reply.headers.get('accept-encoding'), 'identity')
      })
    }
    it(`is refused for a stream of requests: ${coding}`, async () => {
      const data = request('POST /add', body, [jsonHeader, `content-encoding: ${coding}`])
      await victim.refuses(data, { status: 415 })
    })
  }

  it('is refused when it is named in two headers', async () => {
    const headers = [jsonHeader, 'content-encoding: identity', 'content-encoding: gzip']
    await victim.refuses(request('POST /sum', gzipSync(goodBody), headers), { status: 415 })
  })

  it('is not unpacked: a gigabyte in a few bytes is refused as it comes', async () => {
    const headers = [jsonHeader, 'content-encoding: gzip']
    await victim.refuses(request('POST /sum', gzipSync(' '.repeat(50_000)), headers), { status: 415 })
  })

  for (const coding of ['identity', 'IDENTITY', '']) {
    it(`passes when it is none: content-encoding "${coding}"`, async () => {
      const http = await victim.connect()
      await http.write(request('POST /sum', goodBody, [jsonHeader, `content-encoding: ${coding}`]))
      assert.equal((await http.reply()).status, 200)
      await victim.isWell('sum')
    })
  }

  it('leaves the connection usable, and what it held is not taken for a request', async () => {
    const http = await victim.connect()
    await http.write(request('POST /sum', goodRequest, [jsonHeader, 'content-encoding: gzip']) + goodRequest)
    assert.equal((await http.reply(1)).status, 415)
    assert.equal((await http.reply(2)).status, 200)
    assert.equal(http.replies.length, 2)
    await victim.isWell('sum')
  })
})
