// Tests of request-flaw.ts; test/scenarios/http sends the same over sockets.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { requestFlaw } from './request-flaw.ts'

/** A request as the parser gives it. */
function request(rawHeaders: readonly string[], version = '1.1'): IncomingMessage {
  const [httpVersionMajor, httpVersionMinor] = version.split('.').map(Number)
  const headers: Record<string, string> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]).toLowerCase()
    headers[name] = headers[name] === undefined ? String(rawHeaders[i + 1]) : `${headers[name]}, ${rawHeaders[i + 1]}`
  }
  return { rawHeaders, headers, httpVersionMajor, httpVersionMinor } as unknown as IncomingMessage
}

const flaw = (rawHeaders: readonly string[], version?: string) => requestFlaw(request(rawHeaders, version), 3)

describe('requestFlaw', () => {
  it('finds none in a request as it should be', () => {
    for (const host of ['a', 'a:80', '127.0.0.1:1', '[::1]:80', 'a.example', '', 'a-b_c~d']) {
      assert.equal(flaw(['Host', host, 'transfer-encoding', 'Chunked', 'expect', '100-Continue']), undefined, host)
    }
    assert.equal(flaw([], '1.0'), undefined)
  })

  it('wants one host that is one', () => {
    for (const headers of [[], ['host', 'a', 'HOST', 'a']])
      assert.equal(flaw(headers)?.text, 'there must be one Host header')
    for (const host of ['a b', 'a, b', 'a/b', 'u@a', 'http://a', 'a:b', '[::1', 'a:80:80', 'a\\']) {
      assert.equal(flaw(['host', host])?.status, 400, host)
    }
  })

  it('wants chunked, once, in HTTP/1.1', () => {
    for (const coding of [
      'identity',
      'gzip, chunked',
      'identity, chunked',
      ',chunked',
      'chunked, chunked',
      'xchunked',
      '',
    ]) {
      assert.equal(flaw(['host', 'a', 'transfer-encoding', coding])?.status, 400, coding)
    }
    assert.equal(flaw(['host', 'a', 'transfer-encoding', 'chunked'], '1.0')?.status, 400)
  })

  it('wants HTTP/1', () => {
    for (const version of ['0.9', '2.0', '3.0']) assert.equal(flaw(['host', 'a'], version)?.status, 400)
  })

  it('wants no other expectation than 100-continue', () => {
    for (const expect of ['200-ok', '100-continue, 200-ok', '100-continue, 100-continue', '']) {
      assert.equal(flaw(['host', 'a', 'expect', expect])?.status, 417, expect)
    }
    assert.equal(flaw(['host', 'a', 'expect', 'x'], '1.0'), undefined)
  })

  it('wants no more headers than allowed', () => {
    assert.equal(flaw(['host', 'a', 'b', '1', 'c', '2']), undefined)
    assert.deepEqual(flaw(['host', 'a', 'b', '1', 'c', '2', 'd', '3']), {
      status: 431,
      text: 'there are more than 3 headers',
    })
  })
})
